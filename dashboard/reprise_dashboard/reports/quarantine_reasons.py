"""What each quarantine reason means, as in contracts/quarantine.ts; a test holds the two together."""

SENTENCES: dict[str, str] = {
    "oversized": "The record is larger than any event may be.",
    "malformed_json": "The bytes are not a JSON object in UTF-8.",
    "unknown_event_type": "The event_type is none that has a contract.",
    "unsupported_version": "The schema_version is not one that this platform reads.",
    "missing_field": "A field that the contract requires is absent or null.",
    "wrong_type": "A field has another JSON type than the contract says.",
    "invalid_value": "A field has a value outside its form or its list of values.",
    "impossible_value": "A number is outside the range that can be true.",
    "time_in_future": "It is said to have happened after it arrived.",
}


def sentence(reason: str) -> str:
    return SENTENCES.get(reason, "A reason that this page does not know yet.")
