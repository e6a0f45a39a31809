//! Reads OpenMetrics 1.0 as strictly as its text allows: what this refuses, a Prometheus may refuse.

use std::collections::{BTreeMap, BTreeSet};

/// One family with its samples.
#[derive(Debug, Default)]
pub struct Family {
    pub kind: String,
    pub help: String,
    pub unit: String,
    pub samples: Vec<Sample>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub value: f64,
}

pub type Exposition = BTreeMap<String, Family>;

/// Reads a whole exposition, or says which line is wrong.
pub fn parse(text: &str) -> Result<Exposition, String> {
    let body = text.strip_suffix("# EOF\n").ok_or("it does not end with # EOF")?;
    let (mut families, mut seen) = (Exposition::new(), BTreeSet::new());
    let mut current = String::new();
    for (number, line) in body.split_terminator('\n').enumerate() {
        let at = |why: &str| format!("line {}: {why}: {line}", number + 1);
        if let Some(rest) = line.strip_prefix("# ") {
            let (word, rest) = rest.split_once(' ').ok_or_else(|| at("no keyword"))?;
            let (name, value) = rest.split_once(' ').ok_or_else(|| at("no value"))?;
            if !is_name(name) {
                return Err(at("no metric name"));
            }
            if name != current {
                if families.contains_key(name) {
                    return Err(at("a family stands in two places"));
                }
                current = name.to_owned();
                families.insert(current.clone(), Family::default());
            }
            let family = families.get_mut(&current).ok_or_else(|| at("no family"))?;
            let place = match word {
                "TYPE" => &mut family.kind,
                "HELP" => &mut family.help,
                "UNIT" => &mut family.unit,
                _ => return Err(at("unknown keyword")),
            };
            if !place.is_empty() || !family.samples.is_empty() {
                return Err(at("metadata twice, or after samples"));
            }
            value.clone_into(place);
        } else {
            let sample = sample(line).map_err(|why| at(&why))?;
            let family = families.get_mut(&current).ok_or_else(|| at("a sample of no family"))?;
            let suffix = sample.name.strip_prefix(current.as_str()).ok_or_else(|| at("of another family"))?;
            if !suffixes(&family.kind).ok_or_else(|| at("unknown type"))?.contains(&suffix) {
                return Err(at("a suffix that its type does not have"));
            }
            if !seen.insert(format!("{} {:?}", sample.name, sample.labels)) {
                return Err(at("a sample twice"));
            }
            family.samples.push(sample);
        }
    }
    for (name, family) in &families {
        check(name, family).map_err(|why| format!("{name}: {why}"))?;
    }
    Ok(families)
}

fn suffixes(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "gauge" => &[""],
        "counter" => &["_total", "_created"],
        "info" => &["_info"],
        "histogram" => &["_bucket", "_count", "_sum", "_created"],
        _ => return None,
    })
}

fn check(name: &str, family: &Family) -> Result<(), String> {
    if family.help.is_empty() || family.help.contains("..") {
        return Err(format!("it is not explained: {:?}", family.help));
    }
    if family.samples.is_empty() {
        return Err("it has no samples".to_owned());
    }
    let unit = &family.unit;
    if !unit.is_empty() && !name.ends_with(&format!("_{unit}")) {
        return Err(format!("its name does not end with its unit {unit}"));
    }
    for sample in &family.samples {
        if family.kind == "counter" && (sample.value.is_nan() || sample.value < 0.0) {
            return Err("a counter below nothing".to_owned());
        }
        if family.kind == "info" && sample.value != 1.0 {
            return Err("an info is 1".to_owned());
        }
    }
    if family.kind == "histogram" { histogram(family) } else { Ok(()) }
}

fn histogram(family: &Family) -> Result<(), String> {
    let (mut bound, mut count) = (f64::NEG_INFINITY, 0.0);
    for bucket in family.samples.iter().filter(|sample| sample.name.ends_with("_bucket")) {
        let le = bucket.labels.get("le").ok_or("a bucket without a bound")?;
        let le: f64 = if le == "+Inf" { f64::INFINITY } else { le.parse().map_err(|_| "no bound")? };
        if le <= bound || bucket.value < count {
            return Err("buckets out of order".to_owned());
        }
        (bound, count) = (le, bucket.value);
    }
    let total = family.samples.iter().find(|sample| sample.name.ends_with("_count"));
    match (bound == f64::INFINITY, total) {
        (true, Some(total)) if total.value == count => Ok(()),
        _ => Err("its last bucket is not its count".to_owned()),
    }
}

fn is_name(text: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_' || c == ':';
    text.chars().next().is_some_and(letter) && text.chars().all(|c| letter(c) || c.is_ascii_digit())
}

fn sample(line: &str) -> Result<Sample, String> {
    let end = line.find(['{', ' ']).ok_or("no value")?;
    let (name, rest) = line.split_at(end);
    if !is_name(name) {
        return Err("no sample name".to_owned());
    }
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (BTreeMap::new(), rest),
    };
    let value = rest.strip_prefix(' ').ok_or("no space before the value")?;
    if value.contains(' ') {
        return Err("more than a value".to_owned());
    }
    let value = match value {
        "+Inf" | "-Inf" | "NaN" => value.trim_start_matches('+').parse().map_err(|_| "no number")?,
        _ => value.parse().map_err(|_| "no number")?,
    };
    Ok(Sample { name: name.to_owned(), labels, value })
}

/// What stands between the braces, and what follows them.
fn labels(text: &str) -> Result<(BTreeMap<String, String>, &str), String> {
    let mut labels = BTreeMap::new();
    let mut rest = text;
    loop {
        if let Some(after) = rest.strip_prefix('}') {
            return Ok((labels, after));
        }
        let (name, after) = rest.split_once("=\"").ok_or("no label")?;
        if !is_name(name) || name.contains(':') {
            return Err(format!("no label name: {name}"));
        }
        let (value, after) = quoted(after)?;
        if labels.insert(name.to_owned(), value).is_some() {
            return Err(format!("the label {name} twice"));
        }
        rest = match after.strip_prefix(',') {
            Some(next) if !next.starts_with('}') => next,
            Some(_) => return Err("a comma before the brace".to_owned()),
            None if after.starts_with('}') => after,
            None => return Err("no comma between labels".to_owned()),
        };
    }
}

fn quoted(text: &str) -> Result<(String, &str), String> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Ok((value, &text[at + 1..])),
            '\\' => match letters.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, letter @ ('"' | '\\'))) => value.push(letter),
                _ => return Err("an unknown escape".to_owned()),
            },
            '\n' => return Err("a line break".to_owned()),
            letter => value.push(letter),
        }
    }
    Err("no closing quote".to_owned())
}
