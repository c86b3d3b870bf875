"""Faults and disturbances: what they hit, when, how often, and which error codes they cause.

Every fault draws its own error mix, because nobody knows in advance how an outage will look: the mixes
here are wider than any list of signatures, so that a correlator cannot win by knowing them.
"""

CLASS_OF = {
    "agent": "agent_fault", "isp": "isp_fault", "resolver": "resolver_fault", "path": "path_fault",
    "anchor": "anchor_fault", "mx": "mx_down", "site": "site_down", "svc": "service_down",
    "provider": "provider_down", "dc": "shared_dc_down", "zone": "dns_zone_broken", "ns": "ns_down",
    "hoster": "dns_hoster_down", "cert": "cert_expired", "auth": "auth_failure", "acct": "account_auth",
    "mbox": "quota_full", "listed": "ip_blacklisted", "dnsbl": "ip_blacklisted", "queue": "delivery_delay",
}
LOCAL_KINDS = ("agent", "isp", "resolver", "path", "anchor")
CODES = ("timeout", "refused", "reset", "tls_expired", "tls_other", "auth", "quota", "policy", "temp4xx")
MAIL = ("smtp", "imap", "pop3", "rt")
DNS = ("dns", "dnsauth")

_NETWORK = {"timeout": 6, "reset": 2, "refused": 1, "tls_other": .4}
_OUTAGE = {"timeout": 3, "refused": 2, "reset": 1.5, "temp4xx": 2, "tls_other": .5}
_LOOKUP = {"dns_timeout": 3, "servfail": 2}
_ZONE = {"servfail": 3, "nxdomain": 2, "dns_timeout": 2}
_NAMED = {
    "cert": ({"tls_expired": 12, "tls_other": 1}, MAIL),
    "auth": ({"auth": 8, "temp4xx": 2, "reset": .5}, ("imap", "pop3", "rt")),
    "acct": ({"auth": 12, "temp4xx": .5}, ("imap", "pop3", "rt")),
    "mbox": ({"quota": 10, "temp4xx": 1}, ("rt",)),
    "listed": ({"policy": 8, "temp4xx": 1.5}, ("smtp", "rt")),
    "dnsbl": ({"policy": 8, "temp4xx": 1.5}, ("smtp", "rt")),
    "queue": ({"not_delivered": 10, "temp4xx": .7}, ("rt",)),
}


def kind(component):
    """The kind of a component's name: what stands before the first colon."""
    return component.split(":", 1)[0]


def is_local(component):
    """Whether the component is on our side of the mail provider."""
    return kind(component) in LOCAL_KINDS


def draw(rng, mix):
    """A key of `mix`, by weight."""
    point = rng.random() * sum(mix.values())
    for code, weight in mix.items():
        point -= weight
        if point <= 0:
            return code
    return code


def _some_of(rng, weights, most=3):
    """One to `most` of the codes with new random weights, likelier ones first."""
    chosen = {}
    for _ in range(rng.randint(1, most)):
        code = draw(rng, weights)
        chosen[code] = chosen.get(code, 0) + rng.expovariate(1) + .1
    return chosen


def _led_by_first(rng, weights):
    """All codes with jittered weights: the first names the cause, the others are its by-catch."""
    return {code: weight * rng.uniform(.3, 1.3) for code, weight in weights.items()
            if code == next(iter(weights)) or rng.random() < .5}


def mixes_for(rng, component):
    """{check: {code: weight}} for one new fault of this component."""
    of = kind(component)
    if of in _NAMED:
        weights, checks = _NAMED[of]
        return dict.fromkeys(checks, _led_by_first(rng, weights))
    if of in ("zone", "ns", "hoster", "resolver"):
        lookup = _some_of(rng, _ZONE if of in ("zone", "resolver") else _LOOKUP, 2)
        return dict.fromkeys(DNS, lookup)
    near = of in LOCAL_KINDS
    mail = _some_of(rng, _NETWORK if near else _OUTAGE)
    if near:
        mail["timeout"] = mail.get("timeout", 0) + rng.random()
    mixes = dict.fromkeys(("smtp", "imap", "pop3", "anchor"), mail)
    mixes["rt"] = dict(mail, not_delivered=sum(mail.values()) * rng.choice((0, .1, .5, 1)))
    mixes.update(dict.fromkeys(DNS, _some_of(rng, _LOOKUP, 2)))
    return mixes


def only_code(code, checks=MAIL):
    """Mixes of one single code, whatever the check."""
    return dict.fromkeys(checks, {code: 1})


class Fault:
    """Something that makes probes fail for a while; hidden ones (noise, gusts) are no fault in the truth."""

    def __init__(self, component, start, end, share, mixes, **more):
        self.component, self.start, self.end, self.share, self.mixes = component, start, end, share, mixes
        self.stages = more.pop("stages", None) or [(start, component)]
        self.gate = more.pop("gate", None)          # (cell, t) -> bool: who is hit, and from when
        self.shape = more.pop("shape", None)        # t -> factor on the share
        self.buffer = more.pop("buffer", False)     # results wait at the agent until the end
        self.hidden = more.pop("hidden", False)
        self.note = more.pop("note", "")
        self.tail = more.pop("tail", 0)
        self.blames = more.pop("blames", None)      # the fault that this is a consequence of
        self.hits, self.witnesses = 0, set()
        if more:
            raise TypeError("unknown: %s" % sorted(more))

    def code(self, cell, components, t, rng):
        """The error that a probe of this cell gets now, or None."""
        mix = self.mixes.get(cell[1])
        if mix is None or not self._crossed(components, t) or (self.gate and not self.gate(cell, t)):
            return None
        share = self.share * self.shape(t) if self.shape else self.share
        if rng.random() >= share:
            return None
        return draw(rng, mix)

    def seen_by(self, agent):
        """Counts a failure that the agent reported because of this fault."""
        fault = self.blames or self
        fault.hits += 1
        fault.witnesses.add(agent)

    def _crossed(self, components, t):
        if self.component is None:
            return True
        for since, component in self.stages:
            if since <= t and component in components:
                return True
        return False

    def truth(self, number):
        """The fault's line of the truth file."""
        line = {
            "type": "fault", "id": "F%d" % number, "component": self.component,
            "class": CLASS_OF[kind(self.component)], "level": "local" if is_local(self.component) else "real",
            "start": round(self.start, 3), "end": round(self.end, 3), "severity": round(self.share, 3),
            "expect_alert": not is_local(self.component), "note": self.note, "hits": self.hits,
            "witnesses": len(self.witnesses)}
        if len(self.stages) > 1:
            line["stages"] = [{"start": round(s, 3), "component": c} for s, c in self.stages]
        if self.tail:
            line["tail_s"] = round(self.tail, 3)
        return line


def ramp(start, length):
    """A share that grows from nothing to all within `length` seconds."""
    return lambda t: min(1.0, max(0.0, (t - start) / length))


def waves(rng, start, end, on_range, off_range):
    """On and off again for so many seconds each, on at both ends; returns (shape, real end)."""
    edges, t = [], start
    while t < end:
        on = rng.uniform(*on_range)
        edges.append((t, t + on))
        t += on + rng.uniform(*off_range)
    return (lambda now: float(any(a <= now < b for a, b in edges))), edges[-1][1]


def only_agents(agents):
    """A gate that lets the fault hit these agents alone."""
    chosen = frozenset(agents)
    return lambda cell, t: cell[0] in chosen


def staggered(onset, ends, resolver_of):
    """A gate for DNS faults that each resolver notices when its cached answer runs out."""
    def gate(cell, t):
        if cell[1] != "dns":
            return True
        resolver = resolver_of[cell[0]]
        return onset[resolver] <= t < ends[resolver]
    return gate
