"""The simulated world's topology: agents, providers, zones and the labels a collector is told.

The labels that tie things together (network, resolver, data centre, DNS hoster) are often wrong in
real inventories. The world therefore keeps its own true labels and prints another, partly wrong set
in the topology line. Judges need both: an incident is read by the printed labels, the truth by its own.
"""
from dataclasses import dataclass, field

INTERVALS = (30, 45, 60, 60, 90, 120, 180, 300)
CITIES = ("fra", "ams", "lhr", "mad", "waw", "sto", "iad", "sjc", "gru", "nrt", "sin", "syd")
BRANDS = ("nordpost", "quickmail", "letterbox", "postwerk", "mailhaven", "envoy", "parcelmail", "bluepost",
          "openmail", "carrier", "sendwell", "inboxia", "mailgrove", "postline", "swiftpost", "dovemail",
          "relayone", "mailport", "papertrail", "mailfield")
MAIL_CHECKS = ("smtp", "imap", "pop3", "rt")
READ_CHECKS = ("imap", "pop3")


@dataclass
class Agent:
    """One vantage point; `isp` and `resolver` are the true ones."""
    id: str
    region: str
    isp: str
    resolver: str


@dataclass
class Site:
    """A provider's front-end location with its MX hosts."""
    id: str
    dc: str
    mx: list


@dataclass
class Provider:
    """One mail provider; `reads` are the mailbox protocols that agents check there."""
    id: str
    sites: list
    region_site: dict
    anycast: bool
    hoster: str
    ns: int
    accounts: int
    dnsbl: bool
    reads: tuple


@dataclass
class Domain:
    """A customer's domain that is hosted at a provider."""
    id: str
    provider: str
    hoster: str


@dataclass
class World:
    """Everything the simulation knows about the monitored world."""
    interval: float
    delivery_every: float
    agents: dict = field(default_factory=dict)
    providers: dict = field(default_factory=dict)
    domains: dict = field(default_factory=dict)
    anchors: list = field(default_factory=list)
    regions: list = field(default_factory=list)
    direct_dns: bool = True


class Names:
    """Names for everything: life-like ones, or the terse scheme that other tools parse."""

    def __init__(self, rng, plain):
        self.plain = plain
        self.brands = rng.sample(BRANDS, len(BRANDS))
        self.cities = rng.sample(CITIES, len(CITIES))

    def region(self, i):
        return "r%d" % i if self.plain else self.cities[i]

    def agent(self, i, region):
        return "a%d" % i if self.plain else "probe-%s-%d" % (region, i + 1)

    def isp(self, i):
        return "i%d" % i if self.plain else "as%d" % (64512 + 7 * i)

    def provider(self, i):
        return "P%d" % i if self.plain else self.brands[i]

    def site(self, provider, k):
        return "%s-s%d" % (provider, k) if self.plain else "%s.%s-mail.test" % (self.cities[-1 - k], provider)

    def mx(self, provider, k, m):
        if self.plain:
            return "%s-s%d-m%d" % (provider, k, m)
        return "mx%d.%s.%s-mail.test" % (m + 1, self.cities[-1 - k], provider)

    def dc(self, i):
        return "d%d" % i if self.plain else "dc-%s-%d" % (self.cities[i % 5], i)

    def hoster(self, i):
        return "h%d" % i if self.plain else "dns-%s" % ("alpha", "bravo", "charlie", "delta", "echo")[i]

    def domain(self, i):
        return "D%d" % i if self.plain else "customer-%d.test" % (i + 1)

    def anchor(self, i):
        return "x%d" % i if self.plain else "198.51.100.%d" % (10 + i)


def _draw_sizes(rng, need):
    """Fleet size, provider count and interval that fit the result budget together."""
    interval = rng.choice(INTERVALS)
    agents = rng.choice((3, 4, 6, 8, 10, 12, 16, 20, 30, 45, 60))
    providers = rng.choice((1, 2, 3, 4, 5, 6, 8, 12, 20))
    agents, providers = max(agents, need.get("agents", 3)), max(providers, need.get("providers", 1))
    domains, anchors = rng.randint(1, 8), rng.randint(1, 4)
    rounds = max(3600, 40 * interval) / interval
    while agents * (providers * 4.6 + domains + anchors + 1) * rounds > 38000:
        room = [x for x in ("agents", "providers", "domains", "interval")]
        cut = rng.choice(room)
        if cut == "agents" and agents > max(6, need.get("agents", 3)):
            agents = max(6, need.get("agents", 3), int(agents * .75))
        elif cut == "providers" and providers > need.get("providers", 1):
            providers = max(need.get("providers", 1), int(providers * .75))
        elif cut == "domains" and domains > 1:
            domains -= 1
        elif cut == "interval" and interval < 300:
            interval = min(x for x in INTERVALS if x > interval)
            rounds = max(3600, 40 * interval) / interval
    return interval, agents, providers, domains, anchors


def _add_agents(rng, world, names, count, need):
    """Regions with one to four networks each, some of them shared; own, network's and public resolvers."""
    regions = min(rng.randint(need.get("regions", 1), 6), count)
    world.regions = [names.region(i) for i in range(regions)]
    shared = [names.isp(90 + i) for i in range(rng.randint(0, 2))]
    local = {r: [names.isp(10 * i + j) for j in range(rng.randint(1, 4))] for i, r in enumerate(world.regions)}
    public = ["pub0", "pub1"] if names.plain else ["192.0.2.1:53", "192.0.2.9:53"]
    for i in range(count):
        region = world.regions[i % regions] if i < regions else rng.choice(world.regions)
        isp = rng.choice(shared if shared and rng.random() < .25 else local[region])
        agent_id = names.agent(i, region)
        resolver = rng.choice((rng.choice(public), "res-" + isp, "res-" + isp, "own-" + agent_id))
        world.agents[agent_id] = Agent(agent_id, region, isp, resolver)


def _reads(rng, plain):
    return ("imap",) if plain else rng.choice((("imap",), ("imap",), ("pop3",), ("imap", "pop3")))


def _add_providers(rng, world, names, count, need):
    """Providers from one host in one place to many sites; some run their own name servers."""
    dcs = [names.dc(i) for i in range(rng.randint(1, 5))]
    hosters = [names.hoster(i) for i in range(rng.randint(1, 4))]
    for p in range(count):
        pid = names.provider(p)
        n_sites = max(rng.choice((1, 1, 2, 2, 3, 4)), need.get("sites", 1) if p == 0 else 1)
        sites = []
        for k in range(n_sites):
            hosts = [names.mx(pid, k, m) for m in range(rng.choice((1, 2, 2, 3, 4)))]
            sites.append(Site(names.site(pid, k), rng.choice(dcs), hosts))
        where = {r: sites[i % n_sites].id if i < n_sites else rng.choice(sites).id
                 for i, r in enumerate(rng.sample(world.regions, len(world.regions)))}
        hoster = "self-" + pid if rng.random() < .2 else rng.choice(hosters)
        world.providers[pid] = Provider(pid, sites, where, rng.random() < .35, hoster, rng.randint(1, 4),
                                        rng.randint(1, 3), rng.random() < .5, _reads(rng, names.plain))
    return hosters


def build(rng, plain=False, need=None):
    """A random world; `need` holds minimum numbers that a fault category cannot do without."""
    need = need or {}
    names = Names(rng, plain)
    interval, agents, providers, domains, anchors = _draw_sizes(rng, need)
    world = World(interval, interval * rng.choice((2, 3, 3, 4, 5)))
    world.direct_dns = bool(need.get("direct_dns")) or rng.random() < .8
    _add_agents(rng, world, names, agents, need)
    hosters = _add_providers(rng, world, names, providers, need)
    for i in range(domains):
        did = names.domain(i)
        world.domains[did] = Domain(did, rng.choice(list(world.providers)), rng.choice(hosters))
    world.anchors = [names.anchor(i) for i in range(anchors)]
    return world


def true_labels(world):
    """The labels as they are: {kind: {holder: label}}."""
    return {
        "isp": {a.id: a.isp for a in world.agents.values()},
        "resolver": {a.id: a.resolver for a in world.agents.values()},
        "dc": {s.id: s.dc for p in world.providers.values() for s in p.sites},
        "hoster": {x.id: x.hoster for group in (world.providers, world.domains) for x in group.values()},
    }


def mislabel(rng, labels, share):
    """A copy of the labels in which `share` of them name another known thing or one that is not there."""
    told = {}
    for kind, of in labels.items():
        known = sorted(set(of.values()))
        told[kind] = {}
        for holder, label in of.items():
            if rng.random() < share:
                others = [x for x in known if x != label and not x.startswith(("self-", "own-"))]
                label = rng.choice(others) if others and rng.random() < .7 else "%s-old-%s" % (kind, holder)
            told[kind][holder] = label
    return told


def topology_line(world, labels):
    """The first line of a scenario: what the collector may know, by the given labels."""
    return {
        "type": "topology", "v": 1, "interval_s": world.interval,
        "agents": [{"id": a.id, "region": a.region, "isp": labels["isp"][a.id], "resolver": labels["resolver"][a.id]}
                   for a in world.agents.values()],
        "providers": [{
            "id": p.id,
            "sites": [{"id": s.id, "dc": labels["dc"][s.id], "mx": s.mx} for s in p.sites],
            "region_site": p.region_site, "anycast": p.anycast, "dns_hoster": labels["hoster"][p.id],
            "ns": ["%s/ns%d" % (p.id, k) for k in range(p.ns)],
            "accounts": p.accounts, "uses_dnsbl": p.dnsbl} for p in world.providers.values()],
        "domains": [{"id": d.id, "provider": d.provider, "dns_hoster": labels["hoster"][d.id]}
                    for d in world.domains.values()],
        "anchors": world.anchors,
    }
