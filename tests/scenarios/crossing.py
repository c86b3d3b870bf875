"""Which components a probe crosses, by a topology line and a set of labels.

One rule serves the simulation (true labels) and the judge (printed or true labels), for either world:
the site of an MX host is looked up in the topology, never derived from the host's name.
"""


def labels_of(topology):
    """The labels as printed in a topology line."""
    return {
        "isp": {a["id"]: a["isp"] for a in topology["agents"]},
        "resolver": {a["id"]: a["resolver"] for a in topology["agents"]},
        "dc": {s["id"]: s["dc"] for p in topology["providers"] for s in p["sites"]},
        "hoster": {x["id"]: x["dns_hoster"] for x in topology["providers"] + topology["domains"]},
    }


class Crossing:
    """Components by cell, where a cell is (agent, check, target, endpoint, acct)."""

    def __init__(self, topology, labels=None):
        self.labels = labels or labels_of(topology)
        self.uses_dnsbl = {p["id"]: p["uses_dnsbl"] for p in topology["providers"]}
        self.site_of = {}
        for provider in topology["providers"]:
            for site in provider["sites"]:
                self.site_of[site["id"]] = site["id"]
                for host in site["mx"]:
                    self.site_of[host] = site["id"]
        self.pop_only = set()
        self.known = {}

    def components(self, cell):
        """The tuple of components, local ones first; the same object for the same cell."""
        found = self.known.get(cell)
        if found is None:
            found = self.known[cell] = tuple(self._components(*cell))
        return found

    def _components(self, agent, check, target, endpoint, acct):
        isp = self.labels["isp"][agent]
        near = ["agent:" + agent, "isp:" + isp]
        if check == "anchor":
            return near + ["anchor:" + target]
        if check in ("dns", "dnsauth"):
            return near + self._dns(agent, check, target, endpoint)
        near.append("path:%s>%s" % (isp, target))
        return near + self._mail(agent, check, target, endpoint, acct)

    def _dns(self, agent, check, target, endpoint):
        crossed = ["resolver:" + self.labels["resolver"][agent]] if check == "dns" else []
        if target == "anchorzone":
            return crossed
        hoster = self.labels["hoster"][target]
        crossed += ["zone:" + target, "hoster:" + hoster]
        if hoster == "self-" + target:
            crossed.append("provider:" + target)
        if check == "dnsauth":
            crossed.append("ns:%s/%s" % (target, endpoint))
        return crossed

    def _mail(self, agent, check, provider, endpoint, acct):
        site = self.site_of[endpoint]
        crossed = ["site:" + site, "dc:" + self.labels["dc"][site], "provider:" + provider]
        if check in ("smtp", "rt"):
            crossed += ["mx:" + endpoint, "svc:%s/smtp" % provider, "cert:%s/smtp" % provider,
                        "listed:%s@%s" % (agent, provider)]
            if self.uses_dnsbl[provider]:
                crossed.append("dnsbl:" + agent)
        if check != "smtp":
            read = check if check != "rt" else "pop3" if provider in self.pop_only else "imap"
            crossed += ["svc:%s/%s" % (provider, read), "auth:" + provider, "acct:%s/%s" % (provider, acct)]
            if check != "rt":
                crossed.append("cert:%s/%s" % (provider, read))
        if check == "rt":
            crossed += ["mbox:%s/%s" % (provider, acct), "queue:" + provider]
        return crossed
