"""What the front page of Snakemake's report shows of a study: the directive `made` of reStructuredText.

Snakemake writes reports in a study's folder, and its texts by docutils (workflow/report/front_page.rst).
"""

from base64 import b64encode
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive, directives
from docutils.statemachine import StringList

from elicitation.jobs.records import ROOT

CAPTIONS = ROOT / "workflow/report"
# What means something in reStructuredText, but not in the Markdown of results.
SPECIAL = str.maketrans({sign: f"\\{sign}" for sign in "\\`|_"})


class Made(Directive):
    """`.. made:: path` shows a result, or nothing where it was not made.

    Of a PNG the picture, which becomes a part of the page, with its caption below; of a Markdown file the text; of
    anything else what stands in the directive.
    """

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        path = Path(self.arguments[0])
        if not path.is_file():
            return []
        if path.suffix == ".png":
            picture = nodes.image(uri=f"data:image/png;base64,{b64encode(path.read_bytes()).decode()}", alt=path.stem)
            caption = (CAPTIONS / path.with_suffix(".rst").name).read_text()
            return [nodes.figure("", picture, nodes.legend("", *self.parsed(caption.splitlines())))]
        if path.suffix == ".md":
            return self.parsed(path.read_text().lstrip("# ").translate(SPECIAL).splitlines())
        return self.parsed(list(self.content))

    def parsed(self, lines: list[str]) -> list[nodes.Node]:
        """What lines of reStructuredText are."""
        parent = nodes.Element()
        self.state.nested_parse(StringList(lines, self.arguments[0]), self.content_offset, parent)
        return parent.children


def register() -> None:
    """Tell docutils of the directive."""
    directives.register_directive("made", Made)
