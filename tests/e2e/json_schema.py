"""A validator of the part of JSON Schema that our schemas use; any other keyword is an error."""
import re

IGNORED = {"$schema", "$id", "$defs", "definitions", "title", "description", "examples", "default",
           "$comment", "format"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def problems(value, schema: dict, root: dict | None = None, path: str = "$") -> list[str]:
    """Every way in which `value` differs from the schema, each with the place it is at."""
    root = schema if root is None else root
    found = []
    for keyword, rule in schema.items():
        if keyword in IGNORED or keyword in ("then", "else"):
            continue
        if keyword not in RULES:
            raise ValueError(f"{path}: the schema's keyword {keyword!r} is not known here")
        found += RULES[keyword](value, rule, schema, root, path)
    return found


def _is(value, name: str) -> bool:
    if name in ("number", "integer"):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        return name == "number" or float(value).is_integer()
    return isinstance(value, TYPES[name])


def _type(value, rule, schema, root, path):
    names = [rule] if isinstance(rule, str) else rule
    return [] if any(_is(value, name) for name in names) else [f"{path}: is no {' or '.join(names)}"]


def _properties(value, rule, schema, root, path):
    if not isinstance(value, dict):
        return []
    return [p for key, sub in rule.items() if key in value
            for p in problems(value[key], sub, root, f"{path}.{key}")]


def _additional(value, rule, schema, root, path):
    if not isinstance(value, dict):
        return []
    patterns = schema.get("patternProperties", {})
    extra = [key for key in value if key not in schema.get("properties", {})
             and not any(re.search(pattern, key) for pattern in patterns)]
    if rule is True:
        return []
    if rule is False:
        return [f"{path}: has {key!r}, which the schema does not name" for key in extra]
    return [p for key in extra for p in problems(value[key], rule, root, f"{path}.{key}")]


def _patterns(value, rule, schema, root, path):
    if not isinstance(value, dict):
        return []
    return [p for pattern, sub in rule.items() for key in value if re.search(pattern, key)
            for p in problems(value[key], sub, root, f"{path}.{key}")]


def _items(value, rule, schema, root, path):
    if not isinstance(value, list):
        return []
    return [p for i, item in enumerate(value) for p in problems(item, rule, root, f"{path}[{i}]")]


def _ref(value, rule, schema, root, path):
    target = root
    for part in rule.removeprefix("#/").split("/"):
        target = target[part]
    return problems(value, target, root, path)


def _any_of(value, rule, schema, root, path):
    tried = [problems(value, sub, root, path) for sub in rule]
    return [] if any(not each for each in tried) else [f"{path}: fits none of {len(rule)}: {tried}"]


def _one_of(value, rule, schema, root, path):
    fits = sum(not problems(value, sub, root, path) for sub in rule)
    return [] if fits == 1 else [f"{path}: fits {fits} of {len(rule)} alternatives, not one"]


def _if(value, rule, schema, root, path):
    branch = "else" if problems(value, rule, root, path) else "then"
    return problems(value, schema[branch], root, path) if branch in schema else []


def _simple(fails, says):
    return lambda value, rule, schema, root, path: (
        [f"{path}: {says} {rule!r}, it is {value!r}"] if fails(value, rule) else [])


def _is_number(value) -> bool:
    return _is(value, "number")


RULES = {
    "type": _type, "properties": _properties, "additionalProperties": _additional, "items": _items,
    "patternProperties": _patterns,
    "$ref": _ref, "anyOf": _any_of, "oneOf": _one_of, "if": _if,
    "allOf": lambda value, rule, schema, root, path: [
        p for sub in rule for p in problems(value, sub, root, path)],
    "not": lambda value, rule, schema, root, path: (
        [] if problems(value, rule, root, path) else [f"{path}: must not fit {rule}"]),
    "required": lambda value, rule, schema, root, path: (
        [f"{path}: {key!r} is missing" for key in rule if key not in value]
        if isinstance(value, dict) else []),
    "enum": _simple(lambda value, rule: value not in rule, "must be one of"),
    "const": _simple(lambda value, rule: value != rule, "must be"),
    "pattern": _simple(lambda value, rule: isinstance(value, str) and not re.search(rule, value),
                       "must match"),
    "minimum": _simple(lambda value, rule: _is_number(value) and value < rule, "must be at least"),
    "maximum": _simple(lambda value, rule: _is_number(value) and value > rule, "must be at most"),
    "minLength": _simple(lambda value, rule: isinstance(value, str) and len(value) < rule,
                         "must be at least this long:"),
    "maxLength": _simple(lambda value, rule: isinstance(value, str) and len(value) > rule,
                         "must be at most this long:"),
    "minItems": _simple(lambda value, rule: isinstance(value, list) and len(value) < rule,
                        "must have at least this many:"),
    "maxItems": _simple(lambda value, rule: isinstance(value, list) and len(value) > rule,
                        "must have at most this many:"),
}
