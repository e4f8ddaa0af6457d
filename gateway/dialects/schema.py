"""The shape of a JSON Schema, as tools and structured outputs carry it: keywords are structure, all else is text."""

from __future__ import annotations

from typing import Final

from gateway.dialects.shapes import FREE, Shape, text, words
from gateway.dialects.vocabulary import names

_TYPES: Final = words(
    names("""
        object array string number integer boolean null OBJECT ARRAY STRING NUMBER INTEGER
    """)
)
_FORMATS: Final = words(
    names("""
        date-time date time duration email idn-email hostname idn-hostname ipv4 ipv6 uri uri-reference iri
        uri-template uuid json-pointer relative-json-pointer regex int32 int64 float double byte binary password
    """)
)
_DIALECTS: Final = words(
    names("""
        http://json-schema.org/draft-04/schema# http://json-schema.org/draft-06/schema#
        http://json-schema.org/draft-07/schema# http://json-schema.org/draft-07/schema
        https://json-schema.org/draft/2019-09/schema https://json-schema.org/draft/2020-12/schema
    """)
)

SCHEMA: Final = Shape()
"""A JSON Schema (drafts 4 to 2020-12)."""
_NAMED: Final = Shape()
"""Schemas by names that the client chose."""
_NAMED.rest = SCHEMA

SCHEMA.having(
    {
        "type": _TYPES,
        "format": _FORMATS,
        "$schema": _DIALECTS,
        **dict.fromkeys(("properties", "patternProperties", "$defs", "definitions", "dependentSchemas"), _NAMED),
        **dict.fromkeys(
            names("""
        items prefixItems additionalItems additionalProperties unevaluatedItems unevaluatedProperties contains
        propertyNames not if then else anyOf oneOf allOf contentSchema
    """),
            SCHEMA,
        ),
        **dict.fromkeys(
            names("""
        title description pattern required $ref $id $anchor $comment $dynamicRef $dynamicAnchor contentEncoding
        contentMediaType
    """),
            text(),
        ),
        **dict.fromkeys(
            names("""
        default enum const examples example minimum maximum exclusiveMinimum exclusiveMaximum multipleOf
        minLength maxLength minItems maxItems minProperties maxProperties uniqueItems minContains maxContains
        nullable readOnly writeOnly deprecated strict dependentRequired
    """),
            FREE,
        ),
    },
    rest=FREE,
)
