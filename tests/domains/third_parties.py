"""What others say about the domains: the registry (RDAP), and blocklists."""
import json
from datetime import datetime, timedelta, timezone

IANA_LIST = "https://data.iana.org/rdap/dns.json"
REGISTRY = "https://rdap.test/"
TYPE = "application/rdap+json"
LOCKED = "client transfer prohibited"

ADDRESS_LISTS = ("zen.spamhaus.org", "bl.spamcop.net")
DOMAIN_LIST = "dbl.spamhaus.org"


def registry_pages(registrations: dict[str, dict]) -> dict[str, dict]:
    """The list of registries, and a page for each domain.

    A registration may say "days" until it ends (300), its "status" ([]), or the whole "answer".
    """
    pages = {IANA_LIST: {"type": "application/json", "body": json.dumps(
        {"version": "1.0", "services": [[["test"], [REGISTRY]]]})}}
    for domain, registration in registrations.items():
        pages[f"{REGISTRY}domain/{domain}"] = {
            "type": TYPE,
            "body": registration.get("answer", json.dumps(_answer(domain, registration)))}
    return pages


def blocklist_records(address: str, domain: str) -> str:
    """Records of the root zone: lists that answer as RFC 5782 wants, and have one entry each."""
    reversed_address = ".".join(reversed(address.split(".")))
    lines = []
    for zone in ADDRESS_LISTS:
        lines += [f"2.0.0.127.{zone}. A 127.0.0.2", f"{reversed_address}.{zone}. A 127.0.0.2",
                  f'{reversed_address}.{zone}. TXT "this address has sent spam"']
    lines += [f"test.{DOMAIN_LIST}. A 127.0.1.2", f"{domain}.{DOMAIN_LIST}. A 127.0.1.2"]
    return "".join(f"{line}\n" for line in lines)


def _answer(domain: str, registration: dict) -> dict:
    ends = datetime.now(timezone.utc) + timedelta(days=registration.get("days", 300))
    return {
        "objectClassName": "domain", "ldhName": domain,
        "status": [LOCKED, *registration.get("status", [])],
        "events": [{"eventAction": "expiration", "eventDate": ends.strftime("%Y-%m-%dT%H:%M:%SZ")}],
        "entities": [{"objectClassName": "entity", "handle": "1", "roles": ["registrar"]}]}
