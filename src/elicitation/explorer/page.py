"""The explorer's page: sources and data joined into one HTML file that loads nothing and sends nothing."""

import base64
import hashlib
import json
from importlib import resources

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

# The page's scripts, in the order in which they build on each other.
SCRIPTS = (
    "page_data.js",
    *("surface.js", "choices.js"),
    *("drawing.js", "frontier_view.js", "regimes_view.js", "isoquants_view.js", "parts_view.js", "ready_labels.js"),
    "answer_view.js",
    *("controls.js", "saving.js", "main.js"),
)


def source(name: str) -> str:
    """The text of a file beside this one."""
    return (resources.files("elicitation.explorer") / name).read_text(encoding="utf-8")


def embed_json(value) -> str:
    """JSON that no HTML parser can take for markup, whatever its texts say."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026")


def script_of_page() -> str:
    """The page's own scripts as one, in a scope of their own."""
    body = "\n".join(source(name) for name in SCRIPTS)
    return f'"use strict";\n(() => {{\n{body}}})();\n'


def policy_for(scripts: list[str]) -> str:
    """A content security policy that lets these inline scripts run and nothing load."""
    hashes = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in hashes)
    # Plots set styles as they are drawn, and are saved by way of data and blobs.
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def render(data: dict) -> str:
    """The page as HTML. data: as elicitation.explorer.data.page_data returns it."""
    from plotly.offline import get_plotlyjs

    # As HTML parsers read line breaks; the hashes are of what they read.
    scripts = [text.replace("\r\n", "\n").replace("\r", "\n") for text in (get_plotlyjs(), script_of_page())]
    template = Environment(autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True).from_string(
        source("page.html")
    )
    return template.render(
        study=data["study"]["name"],
        measure=data["study"]["measure"]["title"],
        currency=data["study"]["currency"],
        warning=data["study"]["warning"],
        policy=policy_for(scripts),
        css=Markup(source("explorer.css")),
        data=Markup(embed_json(data)),
        plotly=Markup(scripts[0]),
        script=Markup(scripts[1]),
    )
