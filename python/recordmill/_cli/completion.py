"""`recordmill completion`: what a shell reads to complete the command line."""

import click
from click.shell_completion import get_completion_class

from recordmill._cli.output import DONE, REFUSED, say


@click.command(name="completion", short_help="Print what makes a shell complete commands and options.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion_command(context: click.Context, shell: str) -> int:
    """Print the script that makes SHELL complete commands, options, their values, formats and files.

    The script asks recordmill itself at each tab: it stays the same with every version.

    \b
    echo 'eval "$(recordmill completion bash)"' >> ~/.bashrc
    echo 'eval "$(recordmill completion zsh)"' >> ~/.zshrc
    recordmill completion fish > ~/.config/fish/completions/recordmill.fish
    """
    made = get_completion_class(shell)
    if made is None:
        say(f"recordmill: click has no completion for {shell}")
        return REFUSED
    program = "recordmill"
    variable = f"_{program.upper()}_COMPLETE"
    # Not `source()`, which starts bash to see its version, and would blame the shell that is not even asked for.
    script = made(context.find_root().command, {}, program, variable)
    print((script.source_template % script.source_vars()).strip())
    return DONE
