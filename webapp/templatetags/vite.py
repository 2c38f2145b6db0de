"""Links pages to the front end that Vite built, through its manifest."""

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()

Manifest = dict[str, dict[str, Any]]


def manifest_path() -> Path:
    """Where `npm run build` puts the manifest."""
    return Path(settings.BASE_DIR) / "static" / "dist" / ".vite" / "manifest.json"


@register.simple_tag
def vite_later(name: str) -> SafeString:
    """Links that fetch, without running them, the scripts which the entry asks for later by `import()`."""
    manifest = _entries()
    later = [manifest[chunk]["file"] for chunk in _entry(manifest, name).get("dynamicImports", [])]
    link = '<link rel="modulepreload" fetchpriority="low" href="{}{}">'
    return format_html_join("\n", link, ((settings.STATIC_URL, file) for file in later))


@register.simple_tag
def vite_asset(name: str) -> SafeString:
    """The style sheets and the script of the entry `static/src/js/NAME.js`.

    Raises ImproperlyConfigured when the front end was never built, or has no such entry.
    """
    manifest = _entries()
    script_file = _entry(manifest, name)["file"]
    # Vite's names carry a hash already; STATIC_URL is joined plainly so that a module has one address only,
    # whether a page or another module asks for it. (A second address would run it twice.)
    links = format_html_join(
        "\n",
        '<link rel="stylesheet" href="{}{}">',
        ((settings.STATIC_URL, css) for css in _styles(manifest, _key(name))),
    )
    script = format_html('<script type="module" src="{}{}"></script>', settings.STATIC_URL, script_file)
    return format_html("{}\n{}", links, script)


def _key(name: str) -> str:
    return f"js/{name}.js"


def _entries() -> Manifest:
    path = manifest_path()
    try:
        return _read_manifest(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        raise ImproperlyConfigured(f"The front end is not built ({path} is missing): run `make setup`.") from None


def _entry(manifest: Manifest, name: str) -> dict[str, Any]:
    if _key(name) not in manifest:
        known = ", ".join(sorted(entry["name"] for entry in manifest.values() if entry.get("isEntry")))
        raise ImproperlyConfigured(f"The built front end has no entry {name!r} (it has {known}): run `make setup`.")
    return manifest[_key(name)]


@lru_cache(maxsize=2)
def _read_manifest(path: Path, _modified_ns: int) -> Manifest:
    manifest: Manifest = json.loads(path.read_text(encoding="utf-8"))
    return manifest


def _styles(manifest: Manifest, key: str) -> Iterator[str]:
    """The entry's style sheets, those of the chunks it imports first, each once."""
    seen: set[str] = set()
    chunks: set[str] = set()

    def walk(chunk: str) -> Iterator[str]:
        if chunk in chunks:
            return
        chunks.add(chunk)
        for imported in manifest[chunk].get("imports", []):
            yield from walk(imported)
        yield from manifest[chunk].get("css", [])

    for css in walk(key):
        if css not in seen:
            seen.add(css)
            yield css
