"""What every workload of the chart keeps to, beyond what Kubernetes demands.

Stricter than Pod Security's profile "restricted": limits, read-only roots and probes besides.
"""

SAFE_VOLUMES = {"configMap", "emptyDir", "persistentVolumeClaim", "projected", "secret"}
WORKLOADS = ("Deployment", "StatefulSet")


def pod_of(document):
    """The pod's spec that a manifest holds, or None."""
    if document["kind"] == "Pod":
        return document["spec"]
    if document["kind"] in WORKLOADS:
        return document["spec"]["template"]["spec"]
    return None


def image_faults(image):
    name = image.rpartition("/")[2].partition("@")[0]
    tag = name.partition(":")[2]
    if not tag and "@sha256:" not in image:
        yield f"image {image} has neither tag nor digest"
    if tag == "latest":
        yield f"image {image} is whatever is the latest"


def container_faults(container, long_running):
    security = container.get("securityContext", {})
    if security.get("allowPrivilegeEscalation") is not False:
        yield "may escalate its privileges"
    if security.get("privileged", False):
        yield "is privileged"
    if security.get("readOnlyRootFilesystem") is not True:
        yield "may write to its root file system"
    if security.get("runAsNonRoot") is not True or security.get("runAsUser", 1) == 0:
        yield "may run as root"
    if security.get("capabilities", {}).get("drop") != ["ALL"]:
        yield "keeps capabilities"
    resources = container.get("resources", {})
    for kind in ("requests", "limits"):
        for amount in ("cpu", "memory"):
            if amount not in resources.get(kind, {}):
                yield f"has no {kind} of {amount}"
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        if (probe in container) != long_running:
            yield f"has {'no' if long_running else 'a'} {probe}"
    yield from image_faults(container["image"])


def pod_faults(spec, long_running):
    security = spec.get("securityContext", {})
    if security.get("runAsNonRoot") is not True or security.get("runAsUser", 0) == 0:
        yield "the pod may run as root"
    if security.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        yield "the pod has no seccomp profile"
    if spec.get("automountServiceAccountToken") is not False:
        yield "the pod is given a token of the API server"
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(key):
            yield f"the pod shares the host's: {key}"
    for volume in spec.get("volumes", []):
        kind, = set(volume) - {"name"}
        if kind not in SAFE_VOLUMES:
            yield f"volume {volume['name']} is of kind {kind}"
        if kind == "emptyDir" and "sizeLimit" not in volume[kind]:
            yield f"volume {volume['name']} may grow without limit"
    for container in spec.get("initContainers", []):
        for fault in container_faults(container, False):
            yield f"container {container['name']} {fault}"
    for container in spec["containers"]:
        for fault in container_faults(container, long_running):
            yield f"container {container['name']} {fault}"


def faults(document):
    """One line for each point in which a manifest is not as it should be."""
    if document["kind"] == "ServiceAccount" and document.get("automountServiceAccountToken") is not False:
        yield "its token is mounted"
    spec = pod_of(document)
    if spec is not None:
        yield from pod_faults(spec, document["kind"] != "Pod")
