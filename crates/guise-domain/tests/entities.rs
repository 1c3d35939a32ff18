//! The cases that the vendor published, and what holds for every text.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic, and so may what it calls"
)]

use guise_domain::Entities;
use proptest::prelude::*;
use serde_json::{Value, json};

const CONFORMANCE: &str = include_str!("entities/conformance.json");

/// A word without its sign, and its indices.
type Found = (String, (u32, u32));

/// What the vendor's `section` asks for, in the form of its answers.
fn answer(section: &str, text: &str) -> Value {
    let Entities { hashtags, symbols, mentions, urls } = Entities::of(text);
    let (kind, found): (_, Vec<Found>) = match section.split('_').next() {
        Some("hashtags") => {
            ("hashtag", hashtags.into_iter().map(|tag| (tag.text, tag.indices)).collect())
        }
        Some("cashtags") => {
            ("cashtag", symbols.into_iter().map(|tag| (tag.text, tag.indices)).collect())
        }
        Some("mentions") => {
            ("screen_name", mentions.into_iter().map(|it| (it.screen_name, it.indices)).collect())
        }
        Some("urls" | "tco") => ("url", urls.into_iter().map(|it| (it.url, it.indices)).collect()),
        other => panic!("no section of ours: {other:?}"),
    };
    let has_indices = section.ends_with("indices") || section.ends_with("markers");
    let entity = |(word, (start, end))| {
        if has_indices { json!({ kind: word, "indices": [start, end] }) } else { json!(word) }
    };
    found.into_iter().map(entity).collect()
}

/// Ours end where the screen name does, and say nothing of a list.
fn without_lists(mut expected: Value) -> Value {
    for mention in expected.as_array_mut().unwrap() {
        let list = mention.as_object_mut().unwrap().remove("list_slug").unwrap();
        let end = &mut mention["indices"][1];
        *end = json!(end.as_u64().unwrap() - list.as_str().unwrap().len() as u64);
    }
    expected
}

#[test]
fn every_case_of_the_vendor_is_answered_as_the_vendor_answers() {
    let sections: Value = serde_json::from_str(CONFORMANCE).unwrap();
    let mut cases = 0;
    for (section, list) in sections.as_object().unwrap().iter().filter(|(name, _)| *name != "about")
    {
        for case in list.as_array().unwrap() {
            let expected = match section.as_str() {
                "mentions_or_lists_with_indices" => without_lists(case["expected"].clone()),
                _ => case["expected"].clone(),
            };
            let text = case["text"].as_str().unwrap();
            assert_eq!(answer(section, text), expected, "{section}: {}", case["description"]);
            cases += 1;
        }
    }
    assert_eq!(cases, 217);
}

/// Entities are in the text where they say, in order, and apart.
#[track_caller]
fn holds(text: &str) {
    let chars: Vec<char> = text.chars().collect();
    let Entities { hashtags, symbols, mentions, urls } = Entities::of(text);
    let mut found: Vec<(&str, Found)> = Vec::new();
    found.extend(hashtags.into_iter().map(|tag| ("#＃", (tag.text, tag.indices))));
    found.extend(symbols.into_iter().map(|tag| ("$", (tag.text, tag.indices))));
    found.extend(mentions.into_iter().map(|it| ("@＠", (it.screen_name, it.indices))));
    found.extend(urls.into_iter().map(|link| ("", (link.url, link.indices))));
    found.sort_by_key(|(_, (_, indices))| *indices);

    let mut free_from = 0;
    for (signs, (word, (start, end))) in found {
        let (start, end) = (start as usize, end as usize);
        assert!(free_from <= start && start < end && end <= chars.len(), "{word:?} in {text:?}");
        let sign = usize::from(!signs.is_empty());
        assert!(sign == 0 || signs.contains(chars[start]), "{word:?} in {text:?}");
        assert_eq!(String::from_iter(&chars[start + sign..end]), word, "in {text:?}");
        free_from = end;
    }
}

#[test]
fn a_hostile_text_takes_no_longer_than_another() {
    let hostile = [
        "@",
        "#",
        "$",
        "(",
        ".",
        "日",
        "a.",
        "é.",
        "日.",
        "a_b.",
        "a-",
        "xn--",
        "a.xn--",
        "rt@",
        "a@b.",
        "http://",
        "http://a.",
        "http://t.co/(",
        "http://a.com/(a",
        "http://a.com/(((",
        "http://a.com/?.",
    ];
    for unit in hostile {
        holds(&unit.repeat(200_000 / unit.chars().count()));
    }
}

fn tricky() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "@",
        "＠",
        "#",
        "＃",
        "$",
        ".",
        "/",
        ":",
        "?",
        "(",
        ")",
        "-",
        "_",
        " ",
        "\n",
        "&",
        "=",
        "!",
        "http://",
        "https://",
        "www.",
        "t.co/",
        ".com",
        ".co.uk",
        "xn--",
        "рф",
        "中国",
        "みんな",
        "rt",
        "ann",
        "AB",
        "12",
        "é",
        "東京",
        "。",
        "𠮷",
        "👩‍🚀",
        "\u{FE0F}",
        "\u{20E3}",
        "\u{200D}",
        "\u{200E}",
        "\u{202A}",
        "\u{3000}",
        "\u{FEFF}",
        "aaaaaaaaaaaaaaaaaaaaa",
    ]);
    prop::collection::vec(parts, 0..30).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn entities_of_any_text_are_where_they_say(text in any::<String>()) {
        holds(&text);
    }

    #[test]
    fn entities_of_a_tricky_text_are_where_they_say(text in tricky()) {
        holds(&text);
    }
}
