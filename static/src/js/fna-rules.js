/**
 * The FNA schema's checks, evaluated from its JSON. They say what the server will say: ml/fna/consistency.py defines the
 * kinds of rule, ml/fna/schema.py the ranges. Missing values (NaN) are silent here: the form is still being filled.
 */

const BREAKS = {
  order: (rule, [smaller, larger]) => smaller > larger * (1 + rule.tolerance),

  ratio(rule, values) {
    let product = rule.scale;
    for (const [index, value] of values.entries()) {
      const base = value + rule.offsets[index];
      if (base === 0 && rule.exponents[index] < 0) return false;
      product *= base ** rule.exponents[index];
    }
    return (rule.low !== null && product < rule.low) || (rule.high !== null && product > rule.high);
  },

  spread: (rule, [mean, standardError, worst]) => worst > (mean + rule.high * standardError) * (1 + rule.tolerance),

  zero: (_rule, values) => values.some((value) => value === 0) && values.some((value) => value > 0),
};

const withUnit = (value, unit) => `${value} ${unit}`.trim();

function rangeFinding(feature, value) {
  if (value < feature.minimum || value > feature.maximum) {
    return {
      code: `out_of_range:${feature.name}`,
      severity: "error",
      message: `Must lie between ${feature.minimum} and ${withUnit(feature.maximum, feature.unit)}. Check the unit and the decimal places.`,
    };
  }
  if (value < feature.observed_low || value > feature.observed_high) {
    return {
      code: `beyond_training:${feature.name}`,
      severity: "warning",
      message: `Beyond every training case (${feature.observed_low} to ${withUnit(feature.observed_high, feature.unit)}).`,
    };
  }
  return null;
}

/** Findings ({code, severity, features, message}) of `values`, numbers by feature name, NaN where there is none yet. */
export function checkSample(schema, values) {
  const ranges = schema.features.flatMap((feature) => {
    const finding = rangeFinding(feature, values[feature.name]);
    return finding ? [{ ...finding, features: [feature.name] }] : [];
  });
  const rules = schema.rules
    .filter((rule) => {
      const numbers = rule.features.map((name) => values[name]);
      return numbers.every(Number.isFinite) && BREAKS[rule.kind](rule, numbers);
    })
    .map(({ code, severity, features, message }) => ({ code, severity, features, message }));
  return [...ranges, ...rules];
}
