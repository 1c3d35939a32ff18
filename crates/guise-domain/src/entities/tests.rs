use super::{Entities, Link};

type Found = Vec<(String, (u32, u32))>;

fn hashtags(text: &str) -> Found {
    Entities::of(text).hashtags.into_iter().map(|tag| (tag.text, tag.indices)).collect()
}

fn symbols(text: &str) -> Found {
    Entities::of(text).symbols.into_iter().map(|tag| (tag.text, tag.indices)).collect()
}

fn mentions(text: &str) -> Found {
    let mentions = Entities::of(text).mentions;
    mentions.into_iter().map(|mention| (mention.screen_name, mention.indices)).collect()
}

fn urls(text: &str) -> Vec<String> {
    Entities::of(text).urls.into_iter().map(|link| link.url).collect()
}

fn found(word: &str, start: u32, end: u32) -> Found {
    vec![(word.to_owned(), (start, end))]
}

#[track_caller]
fn has_url(text: &str, url: &str) {
    assert_eq!(urls(text), [url], "in {text:?}");
}

#[track_caller]
fn has_no_url(text: &str) {
    assert_eq!(urls(text), [""; 0], "in {text:?}");
}

#[test]
fn every_kind_is_found_in_one_text() {
    let entities = Entities::of("@ann see #rain and $WET at rain.example.com/map?day=1.");
    assert_eq!(entities.mentions.len(), 1);
    assert_eq!(entities.hashtags.len(), 1);
    assert_eq!(entities.symbols.len(), 1);
    assert_eq!(entities.urls[0].url, "rain.example.com/map?day=1");
    assert_eq!(entities.urls[0].indices, (27, 53));
    assert_eq!(Entities::of(""), Entities::default());
}

#[test]
fn indices_count_code_points() {
    assert_eq!(hashtags("👩‍🚀🚀 #космос"), found("космос", 5, 12));
    assert_eq!(hashtags("#𠮷野家"), found("𠮷野家", 0, 4));
}

#[test]
fn of_two_that_overlap_the_first_wins() {
    let entities = Entities::of("example.com/#top/@ann");
    assert_eq!(entities.urls[0].url, "example.com/#top/@ann");
    assert_eq!((entities.hashtags.len(), entities.mentions.len()), (0, 0));
}

#[test]
fn a_hashtag_needs_a_letter_of_any_script() {
    assert_eq!(hashtags("#2nd"), found("2nd", 0, 4));
    assert_eq!(hashtags("#हिन्दी!"), found("हिन्दी", 0, 7));
    assert_eq!(hashtags("＃東京"), found("東京", 0, 3));
    assert_eq!(hashtags("#100 #_ #٣"), []);
}

#[test]
fn a_hashtag_does_not_start_inside_a_word_nor_end_before_another_sign() {
    assert_eq!(hashtags("a#b 東#京 &#x"), []);
    assert_eq!(hashtags("#a#b #a://"), []);
    assert_eq!(hashtags("##b"), found("b", 1, 3));
    assert_eq!(hashtags("(#b)"), found("b", 1, 3));
}

#[test]
fn an_emoji_is_not_a_word_and_a_keycap_is_not_a_hashtag() {
    assert_eq!(hashtags("☂️#rain"), found("rain", 2, 7));
    assert_eq!(hashtags("#\u{FE0F}\u{20E3}a"), []);
}

#[test]
fn a_symbol_stands_between_spaces_and_has_up_to_six_letters() {
    assert_eq!(symbols("buy $ACME, now"), found("ACME", 4, 9));
    assert_eq!(symbols("$brk.b"), found("brk.b", 0, 6));
    assert_eq!(symbols("$brk.bcd"), found("brk", 0, 4));
    assert_eq!(symbols("$ACME."), found("ACME", 0, 5));
    assert_eq!(symbols("US$A $5 $SEVENLL $A1 $é"), []);
}

#[test]
fn a_mention_does_not_start_inside_a_word_except_after_rt() {
    assert_eq!(mentions("hi @ann_1!"), found("ann_1", 3, 9));
    assert_eq!(mentions("＠ann"), found("ann", 0, 4));
    assert_eq!(mentions("rt@ann"), found("ann", 2, 6));
    assert_eq!(mentions("(RT@ann"), found("ann", 3, 7));
    assert_eq!(mentions("art@ann -rt@ann me@ann #@ann @@ann"), []);
}

#[test]
fn a_mention_does_not_end_before_an_accent_an_at_sign_or_a_protocol() {
    assert_eq!(mentions("@anné @ann@example.com @http://x"), []);
    assert_eq!(mentions("@annの"), found("ann", 0, 4));
}

#[test]
fn a_mention_has_at_most_twenty_characters() {
    let longest = "a".repeat(20);
    assert_eq!(mentions(&format!("@{longest}bc")), found(&longest, 0, 21));
}

#[test]
fn a_list_is_a_mention_of_its_owner() {
    assert_eq!(mentions("@ann/my-list"), found("ann", 0, 4));
    // What follows is looked for behind the list.
    assert_eq!(mentions("@ann/listé"), []);
    assert_eq!(mentions("@ann/1é"), found("ann", 0, 4));
}

#[test]
fn a_url_ends_in_a_top_level_domain_that_exists() {
    has_url("see http://example.technology", "http://example.technology");
    has_url("see example.de", "example.de");
    has_url("HTTPS://EXAMPLE.COM", "HTTPS://EXAMPLE.COM");
    has_url("http://пример.рф", "http://пример.рф");
    has_url("http://example.xn--p1ai", "http://example.xn--p1ai");
    has_no_url("main.c http://localhost:80 e.g. 1.5 example.comm example.com-x");
}

#[test]
fn the_longest_chain_of_labels_is_the_domain() {
    has_url("http://com.com.co.uk.", "http://com.com.co.uk");
    has_url("http://example.com.backup", "http://example.com");
    has_url("http://a_b.example.com", "http://a_b.example.com");
    has_no_url("http://a_b.com http://-a.com http://a-.com http://a..com");
}

#[test]
fn a_url_does_not_start_behind_a_letter_or_a_sign() {
    has_no_url("xhttp://example.com @example.com #example.com $example.com");
    has_no_url("-example.com _example.com /example.com");
    has_no_url("ann@example.com ann.com@example.com");
    has_url("(http://example.com)", "http://example.com");
    has_url("-http://example.com", "http://example.com");
}

#[test]
fn without_a_protocol_labels_are_latin() {
    has_url("見てexample.com/aを見て", "example.com/a");
    has_url("xn.niño.es", "xn.niño.es");
    has_no_url("пример.рф");
    assert_eq!(urls("a.comとb.com/x"), ["a.com", "b.com/x"]);
    has_url("http://a.comとb.com/x", "http://a.comとb.com/x");
    // No path continues what is not at the domain's end.
    assert_eq!(urls("a.com.日本.рф/x"), ["a.com"]);
}

#[test]
fn without_a_protocol_port_and_query_need_a_path() {
    has_url("example.com:8080", "example.com");
    has_url("example.com?a=b", "example.com");
    has_url("example.com:8080/?a=b", "example.com:8080/?a=b");
    has_url("http://example.com:8080?a=b", "http://example.com:8080?a=b");
}

#[test]
fn punctuation_at_the_end_belongs_to_the_sentence() {
    has_url("at http://example.com/a.", "http://example.com/a");
    has_url("at http://example.com/a?b!?", "http://example.com/a?b");
    has_url("at http://example.com/?!", "http://example.com/");
    has_url("“http://example.com/é-”", "http://example.com/é-");
}

#[test]
fn parentheses_in_a_path_come_in_pairs() {
    has_url("http://example.com/a_(b)", "http://example.com/a_(b)");
    has_url("http://example.com/a_(b(c)d)e", "http://example.com/a_(b(c)d)e");
    has_url("(http://example.com/a)", "http://example.com/a");
    has_url("http://example.com/a(", "http://example.com/a");
    has_url("http://example.com/a()", "http://example.com/a");
    has_url("http://example.com/a(b(c(d)))", "http://example.com/a");
    has_url("http://example.com/a.(b)", "http://example.com/a");
    has_url("http://example.com/a.(b)c", "http://example.com/a.(b)c");
}

#[test]
fn a_link_of_the_old_shortener_holds_a_name_and_a_query() {
    has_url("http://t.co/abc123-x", "http://t.co/abc123");
    has_url("http://t.co/abc123?x=1", "http://t.co/abc123?x=1");
    has_url(
        &format!("https://T.CO/{}", "a".repeat(40)),
        &format!("https://T.CO/{}", "a".repeat(40)),
    );
    has_no_url(&format!("https://t.co/{}", "a".repeat(41)));
}

#[test]
fn a_label_is_at_most_63_bytes_long_once_encoded() {
    let longest = format!("http://{}.com", "a".repeat(63));
    has_url(&longest, &longest);
    has_no_url(&format!("http://{}.com", "a".repeat(64)));
    has_url(&format!("http://{}.com", "é".repeat(40)), &format!("http://{}.com", "é".repeat(40)));
    has_no_url(&format!("http://{}.com", "見てください東京都庁".repeat(4)));
}

#[test]
fn a_url_has_at_most_4096_units_with_its_protocol_counted_twice() {
    let url = |len: usize| format!("http://example.com/{}", "a".repeat(len - 19));
    has_url(&url(4089), &url(4089));
    has_no_url(&url(4090));
}

#[track_caller]
fn is_shown(url: &str, shown: &str) {
    let link = Link { url: url.to_owned(), indices: (0, 0) };
    assert_eq!(link.display_url(), shown);
}

#[test]
fn a_link_is_shown_as_the_original_api_showed_it() {
    is_shown("http://www.youtube.com/watch?v=oHg5SJYRHA0", "youtube.com/watch?v=oHg5SJ…");
    is_shown("https://youtube.com/@Kurono_Mitsuki", "youtube.com/@Kurono_Mitsuki");
    is_shown("http://www.Instagram.com/realDonaldTrump", "Instagram.com/realDonaldTrump");
    is_shown("https://dev.twitter.com/", "dev.twitter.com");
    is_shown("englishattitude.wordpress.com", "englishattitude.wordpress.com");
    is_shown("HTTPS://WWW.example.com/a/", "example.com/a/");
    is_shown("www.com", "www.com");
    is_shown("example.com?a=b", "example.com?a=b");
    is_shown("http://example.com/русские_слова_здесь", "example.com/русские_слова_…");
}
