"""A deployment's own theme, judged before anything is begun with it; and its mistakes in words."""

from traceback import extract_tb

from jinja2 import Environment, TemplateError, TemplateNotFound, TemplateSyntaxError

from pressrun.cloud.theme import NoTheme, own_theme
from pressrun.core.theme import Theme

REMEDY = "Mend it in the folder that TEMPLATES names."


def check_theme(theme: Theme) -> None:
    """Raises jinja2's TemplateSyntaxError for a template that cannot be read. What is wrong with a name in it is seen only where a page is made."""
    environment = Environment(autoescape=True)
    for name, text in theme.templates.items():
        environment.parse(text, name)


def mistake_in(error: BaseException | None) -> str:
    """What is wrong with a deployment's own theme, '' where the error is nothing of its."""
    if isinstance(error, NoTheme):
        return str(error)
    frames = extract_tb(error.__traceback__ if error else None)
    places = [(frame.filename, frame.lineno) for frame in frames if not frame.filename.startswith(("/", "<"))]
    if not isinstance(error, TemplateError) and not (places and own_theme()):
        return ""
    match error:
        case TemplateNotFound():
            said = f"there is no template {error.name}"
        case RecursionError():
            said = "it comes to itself again and again"
        case _:
            said = getattr(error, "message", None) or str(error)
    name, line = (error.name, error.lineno) if isinstance(error, TemplateSyntaxError) else places[-1] if places else (None, None)
    return f"The template {name}, line {line}: {said}" if name else f"A template cannot be used: {said}"
