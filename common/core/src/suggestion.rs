//! "Did you mean": the known name nearest to one that isn't known.

/// The candidate nearest to `name`, if any is near enough to be a slip of the keyboard.
///
/// Case counts little: `envor` finds `envOr`. Ties go to the earlier candidate.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let distance = strsim::damerau_levenshtein(&wanted, &candidate.to_lowercase());
        let allowed = (name.chars().count().max(candidate.chars().count()) / 3).max(1);
        if distance <= allowed && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// The hint that goes with an unknown name, if there is a near one.
pub fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(name, candidates).map(|found| format!("did you mean `{found}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_strangers_are_not() {
        let known = ["default", "envOr", "ternary", "trimPrefix"];
        assert_eq!(nearest("envor", known), Some("envOr"));
        assert_eq!(nearest("defualt", known), Some("default"));
        assert_eq!(nearest("tirmPrefix", known), Some("trimPrefix"));
        assert_eq!(nearest("zzz", known), None);
    }

    #[test]
    fn short_names_allow_one_slip() {
        assert_eq!(nearest("sg", ["stg", "dev"]), Some("stg"));
        assert_eq!(nearest("ab", ["xy"]), None);
    }
}
