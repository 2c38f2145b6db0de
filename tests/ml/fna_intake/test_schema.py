"""The schema against the real table it describes."""

import json
import time

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer

from ml.fna.schema import (
    CHECKS,
    FEATURE_NAMES,
    FEATURES,
    RULES,
    as_json,
    check_matrix,
    check_row,
    failed_checks,
)

COLUMN = {name: index for index, name in enumerate(FEATURE_NAMES)}


def _codes(X) -> set[str]:
    return {finding.code for findings in check_matrix(X) for finding in findings}


def test_names_follow_scikit_learns_order():
    theirs = [str(name) for name in load_breast_cancer().feature_names]
    spelled = []
    for feature in FEATURES:
        measure = feature.measure.replace("_", " ")
        form = {"mean": f"mean {measure}", "se": f"{measure} error", "worst": f"worst {measure}"}
        spelled.append(form[feature.statistic])
    assert spelled == theirs


def test_no_real_row_breaks_any_rule_or_limit(wdbc):
    X, _ = wdbc
    broken = {CHECKS[index].code: int(n) for index, n in enumerate(failed_checks(X).sum(axis=0)) if n}
    assert broken == {}


def test_stated_ranges_are_those_of_the_real_table(wdbc):
    X, _ = wdbc
    low, high = np.percentile(X, [2.5, 97.5], axis=0)
    for j, feature in enumerate(FEATURES):
        assert feature.typical_low == pytest.approx(low[j], rel=2e-3), feature.name
        assert feature.typical_high == pytest.approx(high[j], rel=2e-3), feature.name
        assert (feature.observed_low, feature.observed_high) == (X[:, j].min(), X[:, j].max())
        assert feature.minimum <= feature.observed_low <= feature.observed_high < feature.maximum


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.kind == "ratio"], ids=lambda rule: rule.code)
def test_each_ratio_rule_notices_a_misplaced_decimal_in_most_rows(rule, wdbc):
    X, _ = wdbc
    noticed = []
    for factor in (0.1, 10.0):
        wrong = X.copy()
        wrong[:, COLUMN[rule.features[0]]] *= factor
        index = [check.code for check in CHECKS].index(rule.code)
        noticed.append(failed_checks(wrong)[:, index].mean())
    assert max(noticed) > 0.6


@pytest.mark.parametrize("measure", ["radius", "texture", "area", "symmetry", "concavity"])
def test_exchanged_mean_and_worst_is_an_error(measure, wdbc):
    X, _ = wdbc
    mean, worst = COLUMN[f"{measure}_mean"], COLUMN[f"{measure}_worst"]
    row = X[0].copy()
    row[[mean, worst]] = row[[worst, mean]]
    findings = [f for f in check_matrix([row])[0] if f.severity == "error"]
    assert f"worst_below_mean:{measure}" in {finding.code for finding in findings}


def test_zero_concavity_with_concave_points_is_noticed_and_both_zero_is_not(wdbc):
    X, _ = wdbc
    smooth = X[X[:, COLUMN["concavity_mean"]] == 0][0].copy()
    assert _codes([smooth]) == set()
    smooth[COLUMN["concave_points_mean"]] = 0.02
    assert "concavity_without_points:mean" in _codes([smooth])


def test_values_rounded_to_two_digits_more_still_keep_the_order_rules(wdbc):
    X, _ = wdbc
    rounded = np.array([[float(f"{value:.3g}") for value in row] for row in X])
    assert not any(code.startswith(("worst_below_mean", "se_above_mean")) for code in _codes(rounded))


def test_missing_infinite_and_impossible_values_are_errors(wdbc):
    X, _ = wdbc
    values = dict(zip(FEATURE_NAMES, X[0], strict=True))
    assert check_row(values) == []
    for value, code in [
        (np.nan, "missing:area_mean"),
        (np.inf, "missing:area_mean"),
        (-1.0, "out_of_range:area_mean"),
        (1e9, "out_of_range:area_mean"),
    ]:
        found = {f.code: f.severity for f in check_row({**values, "area_mean": value})}
        assert found[code] == "error"
    del values["area_mean"]
    assert [f.code for f in check_row(values)] == ["missing:area_mean"]
    with pytest.raises(KeyError, match="no_such"):
        check_row({"no_such": 1.0})


def test_a_matrix_of_another_width_is_refused():
    with pytest.raises(ValueError, match=r"\(n, 30\)"):
        failed_checks(np.ones((3, 9)))


def test_ten_thousand_rows_full_of_findings_are_checked_at_once(wdbc):
    X, _ = wdbc
    wrong = np.tile(X, (18, 1))[:10_000] * 10
    started = time.process_time()
    findings = check_matrix(wrong)
    assert time.process_time() - started < 5  # hundredths of a second on a free machine
    assert all(findings)


def _broken_as_in_the_browser(rule: dict, row: dict[str, float]) -> bool:
    """The rule evaluated from its JSON alone, the way the form's script does."""
    values = [row[name] for name in rule["features"]]
    slack = 1 + rule["tolerance"]
    if rule["kind"] == "order":
        return values[0] > values[1] * slack
    if rule["kind"] == "spread":
        return values[2] > (values[0] + rule["high"] * values[1]) * slack
    if rule["kind"] == "zero":
        return any(value == 0 for value in values) and any(value > 0 for value in values)
    product = rule["scale"]
    for value, exponent, offset in zip(values, rule["exponents"], rule["offsets"], strict=True):
        if value + offset == 0 and exponent < 0:
            return False
        product *= (value + offset) ** exponent
    return (rule["low"] is not None and product < rule["low"]) or (rule["high"] is not None and product > rule["high"])


def test_json_holds_all_that_a_browser_needs_for_the_same_findings(wdbc):
    X, _ = wdbc
    rng = np.random.default_rng(7)
    corrupt = X[rng.integers(0, len(X), 300)] * rng.choice([0.0, 0.1, 1.0, 1.0, 1.0, 1.0, 10.0], size=(300, 30))
    rules = json.loads(json.dumps(as_json()))["rules"]
    codes = {rule["code"] for rule in rules}
    broken = 0
    for row, findings in zip(corrupt, check_matrix(corrupt), strict=True):
        named = dict(zip(FEATURE_NAMES, row.tolist(), strict=True))
        expected = {rule["code"] for rule in rules if _broken_as_in_the_browser(rule, named)}
        assert {finding.code for finding in findings} & codes == expected
        broken += len(expected)
    assert broken > 1000
