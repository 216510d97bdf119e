"""Brings the records of one window from Kafka into the Iceberg lake, and compacts them there."""
