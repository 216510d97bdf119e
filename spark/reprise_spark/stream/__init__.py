"""The resident stream: from the topic into the tables and the now store, batch by batch."""
