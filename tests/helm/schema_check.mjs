// Holds manifests against the schemas of Kubernetes and of the custom resources, strictly: what a
// schema's validator never looks at is a key that it does not know. Runs in the folder whose
// node_modules has the schemas:
//   node --input-type=module --eval "$(cat schema_check.mjs)" <DOCUMENTS.json
// Prints one line a fault: INDEX<TAB>PATH<TAB>WHAT.
import fs from "node:fs";

const PACKAGES = {
  "cert-manager.io": "@kubernetes-models/cert-manager",
  "gateway.networking.k8s.io": "@kubernetes-models/gateway-api",
  "monitoring.coreos.com": "@kubernetes-models/prometheus-operator",
};

// Undefined for what the package does not know.
async function findModel({ apiVersion, kind }) {
  const name = PACKAGES[apiVersion.split("/")[0]] || "kubernetes-models";
  await import(name); // one that is not installed is our own fault, not the document's
  try {
    return (await import(`${name}/${apiVersion}`))[kind];
  } catch (error) {
    if (error.code === "ERR_PACKAGE_PATH_NOT_EXPORTED") return undefined;
    throw error;
  }
}

// A view of a tree that notes which keys of which object were read.
function watch(value, read) {
  if (value === null || typeof value !== "object") return value;
  const keys = new Set();
  const children = new Map();
  read.set(value, keys);
  return new Proxy(value, {
    get(target, key) {
      if (typeof key === "string") keys.add(key);
      if (!children.has(key)) children.set(key, watch(target[key], read));
      return children.get(key);
    },
  });
}

function unknownKeys(value, path, read, complain) {
  if (value === null || typeof value !== "object") return;
  for (const key of Object.keys(value)) {
    const known = Array.isArray(value) || (read.has(value) && read.get(value).has(key));
    if (known) unknownKeys(value[key], `${path}/${key}`, read, complain);
    else complain(`${path}/${key}`, "is no key of this object");
  }
}

async function check(document, complain) {
  const model = await findModel(document);
  if (!model) {
    complain("/", `there is no ${document.kind} in ${document.apiVersion}`);
    return;
  }
  const read = new Map();
  try {
    model.prototype.validate.call(watch(document, read));
  } catch (error) {
    if (!Array.isArray(error.errors)) throw error;
    for (const fault of error.errors) complain(fault.instancePath || "/", fault.message || fault.keyword);
  }
  unknownKeys(document, "", read, complain);
}

const documents = JSON.parse(fs.readFileSync(0, "utf8"));
for (const [index, document] of documents.entries()) {
  await check(document, (path, what) => console.log([index, path, what].join("\t")));
}
