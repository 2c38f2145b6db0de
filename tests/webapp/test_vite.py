"""Pages find the built front end through its manifest."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from webapp.templatetags import vite

MANIFEST = {
    "js/main.js": {
        "file": "assets/main-1.js",
        "name": "main",
        "isEntry": True,
        "imports": ["_shared.js"],
        "css": ["assets/main-1.css"],
    },
    "js/charts.js": {
        "file": "assets/charts-1.js",
        "name": "charts",
        "isEntry": True,
        "imports": ["_shared.js"],
    },
    "_shared.js": {"file": "assets/shared-1.js", "name": "shared", "css": ["assets/shared-1.css"]},
}


@pytest.fixture
def write_manifest(settings: Any, tmp_path: Path) -> Any:
    settings.BASE_DIR = tmp_path

    def write(manifest: dict[str, Any]) -> Path:
        path = vite.manifest_path()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(manifest), encoding="utf-8")
        return path

    return write


def test_entry_links_its_styles_those_of_its_imports_first(write_manifest: Any, settings: Any) -> None:
    write_manifest(MANIFEST)
    base = settings.STATIC_URL
    assert vite.vite_asset("main").splitlines() == [
        f'<link rel="stylesheet" href="{base}assets/shared-1.css">',
        f'<link rel="stylesheet" href="{base}assets/main-1.css">',
        f'<script type="module" src="{base}assets/main-1.js"></script>',
    ]


def test_a_new_build_is_noticed(write_manifest: Any) -> None:
    write_manifest(MANIFEST)
    assert "charts-1.js" in vite.vite_asset("charts")
    entry = {**MANIFEST["js/charts.js"], "file": "assets/charts-2.js"}
    path = write_manifest({**MANIFEST, "js/charts.js": entry})
    assert path.stat().st_mtime_ns
    assert "charts-2.js" in vite.vite_asset("charts")


def test_what_comes_later_is_fetched_and_not_run(write_manifest: Any, settings: Any) -> None:
    entry = {**MANIFEST["js/charts.js"], "dynamicImports": ["js/late.js"]}
    write_manifest({**MANIFEST, "js/charts.js": entry, "js/late.js": {"file": "assets/late-1.js", "name": "late"}})
    link = f'<link rel="modulepreload" fetchpriority="low" href="{settings.STATIC_URL}assets/late-1.js">'
    assert vite.vite_later("charts") == link
    assert vite.vite_later("main") == ""


def test_missing_build_says_what_to_run(settings: Any, tmp_path: Path) -> None:
    settings.BASE_DIR = tmp_path
    with pytest.raises(ImproperlyConfigured, match=r"not built .* run `make setup`"):
        vite.vite_asset("main")


def test_unknown_entry_names_those_there_are(write_manifest: Any) -> None:
    write_manifest(MANIFEST)
    with pytest.raises(ImproperlyConfigured, match="no entry 'viewer' \\(it has charts, main\\)"):
        vite.vite_asset("viewer")
