"""Which browser on which device, in words, from what a browser says of itself."""

# The first that occurs counts: nearly every browser also calls itself by the names of those after it.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
DEVICES = (
    ("iPhone", "an iPhone"),
    ("iPad", "an iPad"),
    ("Android", "Android"),
    ("CrOS", "a Chromebook"),
    ("Windows", "Windows"),
    ("Macintosh", "a Mac"),
    ("Linux", "Linux"),
)


def in_words(user_agent: str) -> str:
    """ "Firefox on Windows"; it is the browser's own claim, which anybody can make."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "An unknown browser")
    device = next((name for mark, name in DEVICES if mark in user_agent), "an unknown device")
    return f"{browser} on {device}"
