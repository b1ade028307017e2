//! What may somebody have meant who wrote this?

/// The known word that is nearest to a word, if one is near enough to be worth a suggestion.
///
/// Of words that are equally near, the first counts.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A third of the letters may be wrong: `operationID` and `opertionId` are near, `foo` and `not` are not.
    let room = (word.chars().count() / 3).clamp(1, 4);
    // Long words would cost time and never be near; short ones are near to everything.
    if word.len() > 200 || word.len() < 3 {
        return None;
    }
    let lower = word.to_lowercase();
    known
        .into_iter()
        .filter(|candidate| candidate.len().abs_diff(word.len()) <= room.max(4))
        .map(|candidate| (strsim::osa_distance(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= room && *candidate != word)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_are_near_and_other_words_are_not() {
        let known = ["operationId", "parameters", "responses", "in"];
        assert_eq!(nearest("operationID", known), Some("operationId"));
        assert_eq!(nearest("paramters", known), Some("parameters"));
        assert_eq!(nearest("reponse", known), Some("responses"));
        assert_eq!(nearest("banana", known), None);
        assert_eq!(nearest("x", known), None);
    }
}
