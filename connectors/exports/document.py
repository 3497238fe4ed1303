"""What a connector's file may say of exports: how one is recognised, cut into records, and becomes deliveries."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from connectors.parts import Header, Part, Sentence, Value, Variable

EXPORTS_MAX_COUNT = 10
FILES_MAX_COUNT = 20
TABLES_MAX_COUNT = 10
COLUMNS_MAX_COUNT = 60
ALIASES_MAX_COUNT = 40
MADE_MAX_COUNT = 10

#: The last parts of a file's path: text, `*`, and parts with a name, `{room}` or `{day:date}`.
Pattern = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\\]{1,200}$")]
Label = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Expression = Annotated[
    str,
    StringConstraints(min_length=1, max_length=2_000),
    Field(description="An expression in CEL over `record`, `records`, `file`, `before`, `tables` and `settings`."),
]
Columns = Annotated[
    dict[Variable, Annotated[list[Label], Field(min_length=1, max_length=ALIASES_MAX_COUNT)]],
    Field(max_length=COLUMNS_MAX_COUNT),
]


class Gather(Part):
    """Records that are one together, such as the times that somebody joined: they become one delivery."""

    when: Expression | None = Field(None, description="Others stand for themselves.")
    by: Expression = Field(
        description="What is the same of those that belong together; null: it stands for itself."
    )
    first: Expression = Field(description="What `records` are in the order of; `record` is the first of them.")
    across: bool = Field(False, description="Over all such files of the export, not within each.")
    keep: dict[Variable, Expression] = Field({}, description="What each is worked out to, beside its own fields.")


class Made(Part):
    """A delivery that is made of a record: headers and body as the platform itself would have sent them."""

    each: dict[Variable, Expression] | None = Field(
        None, description="Once for each of a list, one within another."
    )
    when: Expression | None = None
    headers: dict[Header, Expression] = Field({})
    body: dict[str, Value]


class File(Part):
    """A file of an export. With a name other than `*` it is known by that, else by what it `has`."""

    name: Pattern | Annotated[list[Pattern], Field(min_length=1, max_length=5)] = "*"
    form: Literal["csv", "json", "json_lines", "xml"]
    has: Annotated[list[Label], Field(max_length=20)] = Field(
        [], description="Columns by their names here, keys or paths of the first record, or the root of an XML."
    )
    columns: Columns = Field({}, description="What columns are called, in whatever languages.")
    before: Columns = Field({}, description="What stands in lines before the header, by its own heading.")
    each: Label | None = Field(None, description="The key of a JSON object that has the list of records.")
    reads: list[Variable] = Field([], description="Tables without whose files it says too little.")
    gather: Gather | None = None
    deliveries: Annotated[list[Made], Field(min_length=1, max_length=MADE_MAX_COUNT)] | None = None
    no_engagement: Sentence | None = Field(None, description="Why nothing in the file counts.")

    @property
    def names(self) -> list[str]:
        """The patterns of which one fits."""
        return [self.name] if isinstance(self.name, str) else self.name

    @model_validator(mode="after")
    def _is_one_thing(self) -> "File":
        if (self.deliveries is None) is (self.no_engagement is None):
            raise ValueError("needs either `deliveries` or `no_engagement`")
        if self.name == "*" and not self.has:
            raise ValueError("needs a `name`, or what it `has`")
        if (self.form == "csv") is not bool(self.columns):
            raise ValueError("`columns` are those of a table in CSV, which needs them")
        if self.form == "csv" and (unknown := [one for one in self.has if one not in self.columns]):
            raise ValueError(f"`has` names the column `{unknown[0]}`, which `columns` does not")
        return self


class Table(Part):
    """Records of one file that others refer to: `tables.posts[record.parent]`."""

    file: Pattern
    form: Literal["json", "json_lines", "xml"]
    has: Label | None = Field(None, description="The root of an XML, whatever the file is called.")
    key: Expression = Field(description="What it is found by; null: it is left out.")
    keep: Annotated[list[Label], Field(min_length=1, max_length=10)] = Field(description="Which fields are kept.")


class Export(Part):
    """A kind of export: the files that it has, and what becomes of their records."""

    title: Sentence
    said: Sentence = Field(description="Where one gets it.")
    needs: list[Variable] = Field([], description="Settings without which it would count beside what came live.")
    tables: Annotated[dict[Variable, Table], Field(max_length=TABLES_MAX_COUNT)] = Field({})
    let: dict[Variable, Value] = Field({}, description="Named values; each may use those before it.")
    files: Annotated[list[File], Field(min_length=1, max_length=FILES_MAX_COUNT)]
