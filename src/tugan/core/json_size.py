"""How much JSON there is, looked at before it is parsed.

Parsed it takes a hundred times its bytes and more: an empty list is two of them and, in memory,
three hundred. So its parts are counted while it is still text, which takes no memory at all.
"""


def check_json_size(content: bytes, *, most_parts: int, most_containers: int | None = None) -> None:
    """``ValueError`` if it has more lists, objects and members than this.

    Brackets and commas within strings count too. ``most_containers`` is of lists and objects alone.
    """
    containers = content.count(b"[") + content.count(b"{")
    parts = containers + content.count(b",")
    limit = most_parts if most_containers is None else most_containers
    if containers > limit or parts > most_parts:
        raise ValueError(f"its JSON has {parts} parts, far more than there ever are")
