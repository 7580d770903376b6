"""The contract as one AsyncAPI 3.0 document: channels, operations of both sides, messages, the prose.

Rules of this file: no timestamp and no order that could change between runs; payloads are the bodies, and every message
has the trait `sealed`, which says that the body travels inside the signed envelope.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from tools.docs.contract.channels import VERSION, WORDS
from tools.docs.contract.prose import DESCRIPTION
from tools.docs.contract.samples import LANE, json_view, sample
from tools.docs.contract.schemas import ROWS
from wire.channels import CHANNELS, Channel, Party, bodies, channel_of, tag

DRAFT_07 = "application/schema+json;version=draft-07"
SEALED = "application/vnd.rocars.envelope+msgpack"


def document() -> dict[str, Any]:
    """The whole document, as plain data in the order in which it is to be read."""
    return {
        "asyncapi": "3.0.0",
        "id": "urn:rocars:lane:v1",
        "info": _info(),
        "defaultContentType": SEALED,
        "servers": {"broker": _server()},
        "channels": {channel.name: _channel(channel) for channel in CHANNELS},
        "operations": {
            name: one
            for channel in CHANNELS
            for party in _parties(channel)
            for name, one in [_operation(channel, party)]
        },
        "components": {
            "parameters": {"lane": {"description": "A lane's name, unique in the territory.", "examples": [LANE]}},
            "messages": {tag(body): _message(body) for body in bodies()},
            "messageTraits": {"sealed": _sealed()},
            "schemas": {f"row_{tag(row)}": {"$ref": f"./schemas/row_{tag(row)}.json"} for row in ROWS},
        },
    }


def _info() -> dict[str, Any]:
    return {
        "title": "ROCARS lanes and core",
        "version": VERSION,
        "description": DESCRIPTION,
        "license": {"name": "Apache-2.0"},
        "tags": [
            {"name": "lane", "description": "What a lane does."},
            {"name": "core", "description": "What the core does."},
            {"name": "immigration", "description": "What another authority's plate reader does, where there is one."},
        ],
    }


def _server() -> dict[str, Any]:
    return {
        "host": "broker.example:8883",
        "protocol": "secure-mqtt",
        "protocolVersion": "5.0",
        "description": "One of several independent brokers; each side has a list. TLS both ways; the certificate's "
        "common name is the user name and the client id.",
        "security": [{"type": "X509", "description": "Issued by the territory's own authority."}],
        "bindings": {"mqtt": {"cleanSession": True, "sessionExpiryInterval": 0, "bindingVersion": "0.2.0"}},
    }


def _channel(channel: Channel) -> dict[str, Any]:
    names = [tag(body) for body in channel.bodies]
    lane = {"parameters": {"lane": {"$ref": "#/components/parameters/lane"}}} if "{lane}" in channel.address else {}
    return {
        "address": channel.address,
        "description": WORDS[channel.name].when,
        **lane,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "x-written-by": channel.writer.value,
        "x-signed": channel.signed,
        "x-good": WORDS[channel.name].good,
    }


def _parties(channel: Channel) -> tuple[Party, Party]:
    """(writer, reader) of a topic."""
    return channel.writer, Party.CORE if channel.writer is Party.LANE else Party.LANE


def _operation(channel: Channel, party: Party) -> tuple[str, dict[str, Any]]:
    """What one party does at a topic: the writer sends, the other receives."""
    writes = party is channel.writer
    verb = "sends" if writes else "receives"
    retain = {"retain": channel.retained} if writes else {}
    bindings = {"qos": channel.qos if writes else 1, **retain, "bindingVersion": "0.2.0"}
    operation = {
        "action": "send" if writes else "receive",
        "channel": {"$ref": f"#/channels/{channel.name}"},
        "summary": f"The {party.value} {verb} {', '.join(tag(body) for body in channel.bodies)}.",
        "tags": [{"name": party.value}],
        "bindings": {"mqtt": bindings},
        "messages": [{"$ref": f"#/channels/{channel.name}/messages/{tag(body)}"} for body in channel.bodies],
    }
    return f"{party.value}_{verb}_{channel.name}", operation


def _message(body: type[Struct]) -> dict[str, Any]:
    words = (body.__doc__ or "").strip()
    signed = channel_of(body).signed
    form = (
        {"traits": [{"$ref": "#/components/messageTraits/sealed"}]} if signed else {"contentType": "application/json"}
    )
    view = "The JSON view; vectors.json has its bytes." if signed else "As it travels."
    return {
        "name": tag(body),
        "title": body.__name__,
        "summary": words.split("\n\n", 1)[0].replace("\n", " "),
        **form,
        "payload": {"schemaFormat": DRAFT_07, "schema": {"$ref": f"./schemas/{tag(body)}.json"}},
        "examples": [{"summary": view, "payload": json_view(sample(body))}],
    }


def _sealed() -> dict[str, Any]:
    return {
        "contentType": SEALED,
        "description": "The payload shown is the body. It travels as msgpack in the field `body` of a signed envelope.",
        "x-envelope": {"$ref": "./schemas/envelope.json"},
    }
