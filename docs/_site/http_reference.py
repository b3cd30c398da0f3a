"""The OpenAPI document as a page for people: every endpoint, every answer, every field."""

import json
from collections.abc import Iterator
from typing import Any

Document = dict[str, Any]


def page(document: Document) -> str:
    """The page, in Markdown."""
    return "\n".join([*_operations(document), *_types(document)])


def _operations(document: Document) -> Iterator[str]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield f"## {method.upper()} {path}\n"
            yield f"{operation['summary']}. {operation.get('description', '')}\n"
            yield from _parameters(operation.get("parameters", []))
            if "requestBody" in operation:
                yield f"**Body**: {_content(operation['requestBody']['content'])}\n"
            yield from _responses(operation["responses"])


def _parameters(parameters: list[Document]) -> Iterator[str]:
    if parameters:
        rows = [
            (f"`{one['name']}`", one["in"], _type(one["schema"]), one.get("description", "") + _examples(one.get("examples", {})))
            for one in parameters
        ]
        yield _table(("parameter", "in", "type", ""), rows)


def _examples(examples: Document) -> str:
    shown = ", ".join(f"`{one['value']}`" for one in examples.values())
    return f" Such as {shown}." if shown else ""


def _responses(responses: Document) -> Iterator[str]:
    rows = []
    for status, response in sorted(responses.items()):
        headers = "".join(f" Header `{name}`: {header['description']}" for name, header in response.get("headers", {}).items())
        rows.append((status, response["description"] + headers, _content(response.get("content", {}))))
    yield _table(("status", "", "answer"), rows)


def _content(content: Document) -> str:
    return "; ".join(f"`{media}`: {_type(one['schema'])}" for media, one in content.items())


def _types(document: Document) -> Iterator[str]:
    yield "## Types\n"
    yield "A field that is not marked *optional* is always there. A field that is not listed never is.\n"
    for name, schema in document["components"]["schemas"].items():
        yield f"### {name}\n"
        yield f"{schema.get('description', '')}\n"
        required = schema.get("required", [])
        fields = [
            (f"`{field}`" + ("" if field in required else " *optional*"), _type(one), _meaning(one))
            for field, one in schema.get("properties", {}).items()
        ]
        yield _table(("field", "type", ""), fields)


def _type(schema: Document) -> str:
    """What a value may be, in words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_type(option) for option in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(_literal(value) for value in schema["enum"])
    if "const" in schema:
        return _literal(schema["const"])
    return _plain_type(schema)


def _plain_type(schema: Document) -> str:
    kind = schema.get("type", "any value")
    if kind == "array":
        inner = f" of {_type(schema['items'])}" if schema.get("items") else ""
        pair = " and ".join(_type(one) for one in schema.get("prefixItems", []))
        return f"array{inner}{f' of {pair}' if pair else ''}{_bounds(schema, 'minItems', 'maxItems')}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_type(schema['additionalProperties'])}"
    if isinstance(kind, list):
        return " or ".join(kind)
    pattern = f" `{schema['pattern']}`" if "pattern" in schema else ""
    return f"{kind}{pattern}{_bounds(schema, 'minimum', 'maximum')}"


def _bounds(schema: Document, least: str, most: str) -> str:
    told = [f"at least {schema[least]}"] if least in schema else []
    told += [f"at most {schema[most]}"] if most in schema else []
    return f" ({', '.join(told)})" if told else ""


def _meaning(schema: Document) -> str:
    default = "" if schema.get("default") is None else f" Default {_literal(schema['default'])}."
    examples = ", ".join(_literal(value) for value in schema.get("examples", []))
    return schema.get("description", "") + default + (f" Such as {examples}." if examples else "")


def _literal(value: object) -> str:
    return f"`{json.dumps(value, ensure_ascii=False)}`"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.strip().replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"
