"""`recordmill formats`."""

import click

from recordmill._cli.options import format_names, json_option
from recordmill._cli.output import DONE, print_json


@click.command(name="formats", short_help="List the annotation formats.")
@click.argument("name", required=False, shell_complete=format_names())
@json_option
@click.option("--markdown", is_flag=True, help="Print the table as Markdown.")
def formats_command(name: str | None, as_json: bool, markdown: bool) -> int:
    """List the annotation formats, or describe the one called NAME.

    \b
    recordmill formats
    recordmill formats voc
    """
    from recordmill._formats import formats
    from recordmill._report import table

    every = formats()
    if name is not None:
        wanted = name.strip().lower()
        every = [form for form in every if wanted in (form.name.lower(), *(alias.lower() for alias in form.aliases))]
        if not every:
            names = ", ".join(form.name for form in formats())
            message = f"no format is called {name!r}; there are {names}"
            raise click.UsageError(message)
    if as_json:
        print_json([form._asdict() for form in every])
    elif markdown:
        print("| format | name | written | what it carries | specification |\n|---|---|---|---|---|")
        for form in every:
            names = ", ".join(f"`{word}`" for word in (form.name, *form.aliases))
            link = (
                f"[specification]({form.specification})"
                if form.specification.startswith("http")
                else form.specification
            )
            carries = ", ".join(word if word not in form.not_written else f"({word})" for word in form.carries)
            print(f"| {form.title} | {names} | {'yes' if form.writes else 'no'} | {carries} | {link} |")
    elif name is not None:
        (form,) = every
        print(f"{form.name}: {form.title}")
        if form.aliases:
            print(f"also called: {', '.join(form.aliases)}")
        print(f"carries: {', '.join(form.carries)}")
        if not form.writes:
            print("written: no")
        elif form.not_written:
            print(f"written: yes, but for {', '.join(form.not_written)}")
        else:
            print("written: yes")
        print(f"recognised by: {form.looks_for}")
        print(f"specification: {form.specification}")
        print(f"\n{form.layout.strip(chr(10))}")
    else:
        rows = [(form.name, form.title, "yes" if form.writes else "no", ", ".join(form.carries)) for form in every]
        print("\n".join(table(("name", "format", "written", "carries"), rows)))
    return DONE
