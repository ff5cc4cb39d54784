"""What the three suites share: a register of checks, and the facts of scenario.toml."""

TEXT = 'Grüße, 世界 🦀: "quoted"\nand a second line.'
TOOLS = [("weather", {"city": "Zürich", "days": 2}), ("clock", {})]
CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def equal(got, wanted, what="value"):
    if got != wanted:
        raise AssertionError(f"{what}: got {got!r}, wanted {wanted!r}")


def truth(condition, what):
    if not condition:
        raise AssertionError(what)


def raises(classes, function, status=None):
    """Calls function, which must raise one of classes, with this HTTP status if one is given."""
    try:
        got = function()
    except classes as error:
        if status is not None:
            equal(getattr(error, "status_code", getattr(error, "code", None)), status, "status")
        return error
    raise AssertionError(f"no exception; got {got!r}")
