//! Names and faces, made, changed and taken away without script.

use guise_domain::{NamingChange, PageRequest, ProfileFilter, ReservedWord};

use super::{PASSWORD, account, done};
use crate::support::{Browser, JON, Reply, World, hidden};

/// A browser that is signed in as `shop`.
async fn shop(world: &World) -> Browser {
    let mut browser = Browser::new(world);
    browser.sign_in("shop", PASSWORD, "Night desk").await;
    browser
}

/// Makes a profile, and follows to its path.
async fn made(browser: &mut Browser, fields: &[(&str, &str)]) -> String {
    let reply = browser.post_file("/profiles/new", "/profiles/new", fields, b"").await;
    path(&reply)
}

fn path(reply: &Reply) -> String {
    let location = reply.header("location").to_owned();
    assert_eq!(reply.status, 303, "{}", String::from_utf8_lossy(&reply.body));
    location.strip_suffix("?saved").unwrap().to_owned()
}

#[tokio::test]
async fn a_profile_is_made_found_changed_destroyed_and_erased() {
    let world = World::new().await;
    let id = account(&world, "shop").await;
    let mut browser = shop(&world).await;
    browser.get("/profiles").await.says(200, "There are no profiles yet.");
    let fields =
        [("name", " Zoë "), ("kind", "human"), ("external_id", "crm:1"), ("tags", "night, de")];
    let reply = browser.post_file("/profiles/new", "/profiles/new", &fields, JON).await;
    let one = path(&reply);
    let page = browser.get(&one).await.html();
    for shown in ["<bdi>Zoë</bdi>", "human", "crm:1", "/profiles?tag=night", "Not used yet"] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    assert!(page.contains("Revision 1, ") && page.contains("by the app Guise console, Night desk"));
    assert!(!page.contains("<script>"), "the file's name is nowhere");
    let picture = page.split('"').find(|text| text.starts_with("/media/")).unwrap().to_owned();
    assert_eq!(browser.get(&picture).await.status, 200);

    made(&mut browser, &[("name", "Jon")]).await;
    let names = |page: String| {
        page.matches("<h2><a href=\"/profiles/").count() * 10
            + usize::from(page.contains("<bdi>Zoë</bdi>"))
    };
    for (query, found) in [
        ("", 21),
        ("?name=ZOE&kind=&tag=&state=", 11),
        ("?kind=human", 11),
        ("?tag=night", 11),
        ("?name=x", 0),
        ("?state=destroyed", 0),
        ("?count=1", 10),
    ] {
        assert_eq!(names(browser.get(&format!("/profiles{query}")).await.html()), found, "{query}");
    }
    let first = browser.get("/profiles?count=1&name=o").await.html();
    let older = first.split('"').find(|text| text.contains("cursor=")).unwrap();
    let older = older.replace("&#38;", "&");
    assert_eq!(names(browser.get(&older).await.html()), 11, "{older}");

    let fields = [("revision", "1"), ("name", "Zoë Day"), ("kind", "ai"), ("tags", "")];
    let reply = browser.post_file(&one, &one, &fields, b"").await;
    reply.sees(&format!("{one}?saved"));
    let page = browser.get(&one).await.html();
    assert!(page.contains("Revision 2, ") && page.contains(&picture), "{page}");
    assert!(!page.contains("/profiles?tag="));

    browser.post(&one, &format!("{one}/destroy"), &[]).await.sees(&one);
    browser.get(&one).await.says(200, "It was destroyed on");
    let erase = format!("{one}/erase");
    for typed in ["", "Zoe Day", "zoë day", "Zoë Day!"] {
        browser.post(&one, &erase, &[("name", typed)]).await.says(400, "This is not its name.");
    }
    browser.post(&one, &erase, &[("name", " Zoe\u{308} Day ")]).await.sees(&one);
    let page = browser.get(&one).await.html();
    assert!(page.contains("<bdi>Erased profile</bdi>") && !page.contains("Zoë"), "{page}");
    assert_eq!(browser.get(&picture).await.status, 404);
    let log = done(&world, id).await;
    let ours: Vec<_> = log.iter().filter(|(action, _)| action.starts_with("profile.")).collect();
    let actions: Vec<_> = ours.iter().map(|(action, _)| action.as_str()).collect();
    let expected = ["created", "created", "edited", "destroyed", "erased"];
    assert_eq!(actions, expected.map(|word| format!("profile.{word}")));
    assert!(ours.iter().all(|(_, operator)| operator.as_deref() == Some("Night desk")));
}

#[tokio::test]
async fn what_is_refused_is_told_beside_its_field_and_what_was_typed_is_kept() {
    let world = World::new().await;
    let id = account(&world, "shop").await;
    let change = NamingChange { kind_required: Some(true), ..NamingChange::default() };
    assert!(world.store.set_naming(id, change, world.by()).await.unwrap());
    let words = vec![ReservedWord::parse("bank").unwrap()];
    world.store.reserve_words(id, words, world.by()).await.unwrap().unwrap();
    world.clock.advance(1);
    let mut browser = shop(&world).await;
    made(&mut browser, &[("name", "First"), ("kind", "bot"), ("external_id", "taken")]).await;
    let long = "x".repeat(49);
    let many = "t ".repeat(17);
    for (field, value, told) in [
        ("name", "", "The name must not be empty."),
        ("name", long.as_str(), "The name must be at most 48 characters, got 49."),
        ("name", "a\u{202e}b", "The name must not contain bidirectional controls, got U+202E."),
        ("name", "Our B\u{430}nk", "The name contains the reserved word &#34;bank&#34;."),
        ("kind", "", "The kind is required by this account: human, bot or ai."),
        ("kind", "cat", "The kind must be human, bot or ai."),
        (
            "external_id",
            "a b",
            "The external id must be 1 to 128 visible ASCII characters, other than . and ...",
        ),
        ("external_id", "taken", "The external id is taken by another living profile"),
        ("tags", "Night", "Each tag must be 1 to 32 of a-z, 0-9, - and _."),
        ("tags", many.as_str(), "At most 16 tags, got 17."),
    ] {
        let right = [("name", "Zoë"), ("kind", "human"), ("external_id", "e1"), ("tags", "kept")];
        let fields = right.map(|(name, kept)| (name, if name == field { value } else { kept }));
        let reply = browser.post_file("/profiles/new", "/profiles/new", &fields, b"").await;
        let status = if value == "taken" { 409 } else { 400 };
        reply.says(status, told);
        let page = reply.html();
        for (name, kept) in right.iter().filter(|(name, _)| !["kind", field].contains(name)) {
            let shown = format!("name=\"{name}\" value=\"{kept}\"");
            assert!(page.contains(&shown), "{shown} after {field} in {page}");
        }
    }
    let filter = ProfileFilter::default();
    let page = PageRequest { count: 50, before: None };
    assert_eq!(world.store.find_profiles(id, filter, page).await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn a_picture_waits_until_the_rest_is_right() {
    let world = World::new().await;
    account(&world, "shop").await;
    let mut browser = shop(&world).await;
    let new = "/profiles/new";
    let reply = browser.post_file(new, new, &[("name", "Zoë")], b"%PDF-1").await;
    reply.says(400, "The picture was not taken: media type unrecognized. (found a PDF)");
    let reply = browser.post_file(new, new, &[("name", "")], JON).await;
    reply.says(400, "The picture that you chose is kept");
    let uploaded = hidden(&reply.html(), "uploaded");
    let fields = [("name", "Zoë"), ("uploaded", uploaded.as_str())];
    let one = path(&browser.post_file(new, new, &fields, b"").await);
    assert!(browser.get(&one).await.html().contains("/media/"));
    for unknown in ["1", "2125442882767679488"] {
        let fields = [("name", "Zoë"), ("uploaded", unknown)];
        let reply = browser.post_file(new, new, &fields, b"").await;
        reply.says(400, "The picture is not kept any more.");
    }
}

#[tokio::test]
async fn somebody_elses_change_in_between_is_shown_beside_ones_own() {
    let world = World::new().await;
    account(&world, "shop").await;
    let mut browser = shop(&world).await;
    let one = made(&mut browser, &[("name", "Zoë")]).await;
    let theirs = [("revision", "1"), ("name", "Theirs")];
    path(&browser.post_file(&one, &one, &theirs, b"").await);
    let ours = [("revision", "1"), ("name", "Ours"), ("kind", "bot")];
    let reply = browser.post_file(&one, &one, &ours, b"").await;
    reply.says(412, "Somebody changed this profile while you did.");
    let page = reply.html();
    assert!(page.contains("<td><bdi>Theirs</bdi></td><td><bdi>Ours</bdi></td>"), "{page}");
    assert_eq!(hidden(&page, "revision"), "2");
    let ours = [("revision", "2"), ("name", "Ours"), ("kind", "bot")];
    path(&browser.post_file(&one, &one, &ours, b"").await);
    for revision in ["", "x", "-1", "1"] {
        let fields = [("revision", revision), ("name", "Late")];
        let reply = browser.post_file(&one, &one, &fields, b"").await;
        reply.says(412, "Somebody changed this profile while you did.");
    }
    browser.post(&one, &format!("{one}/destroy"), &[]).await.sees(&one);
    let fields = [("revision", "3"), ("name", "Late")];
    let late = browser.proof("/profiles/new").await;
    let fields = [&[("csrf", late.0.as_str()), ("once", late.1.as_str())], &fields[..]].concat();
    browser.post_parts(&one, &fields, b"").await.says(404, "It was destroyed on");
}

#[tokio::test]
async fn a_name_that_looks_like_another_is_saved_with_a_warning() {
    let world = World::new().await;
    account(&world, "shop").await;
    account(&world, "other").await;
    let mut browser = shop(&world).await;
    let zoe = made(&mut browser, &[("name", "Zoe")]).await;
    let alike = made(&mut browser, &[("name", "Z\u{43e}e")]).await;
    let page = browser.get(&format!("{alike}?saved")).await.html();
    assert!(page.contains("This name looks like another"), "{page}");
    assert!(page.contains(&format!("<a href=\"{zoe}\"><bdi>Zoe</bdi></a>, your own")), "{page}");
    let one = made(&mut browser, &[("name", "Other")]).await;
    browser.get(&format!("{one}?saved")).await.says(200, "<li>@other</li>");
    let page = browser.get(&one).await.html();
    assert!(!page.contains("looks like"), "told once, after saving");
}

#[tokio::test]
async fn text_is_shown_as_text() {
    let world = World::new().await;
    account(&world, "shop").await;
    let mut browser = shop(&world).await;
    let nasty = "<script>\"'&</script>";
    let one = made(&mut browser, &[("name", nasty)]).await;
    let text = "&#60;script&#62;&#34;&#39;&#38;&#60;/script&#62;";
    for path in [one.as_str(), "/profiles", "/profiles?name=%3Cscript%3E%22'%26"] {
        let page = browser.get(path).await.html();
        assert!(page.contains(text) && !page.contains("<script>\""), "{page}");
    }
    let fields = [("name", ""), ("external_id", nasty), ("tags", nasty), ("kind", nasty)];
    let page = browser.post_file("/profiles/new", "/profiles/new", &fields, b"").await.html();
    assert_eq!(page.matches(text).count(), 2, "{page}");
}

#[tokio::test]
async fn nobody_reaches_the_profiles_of_others_or_sends_forms_for_them() {
    let world = World::new().await;
    let id = account(&world, "shop").await;
    account(&world, "other").await;
    let mut browser = shop(&world).await;
    let one = made(&mut browser, &[("name", "Zoë")]).await;
    let mut other = Browser::new(&world);
    other.get(&one).await.sees(&format!("/sign-in?to={}", guise_oauth1::percent_encode(&one)));
    other.sign_in("other", PASSWORD, "").await;
    let gone = "There is no such page";
    other.get(&one).await.says(404, gone);
    other.get("/profiles").await.says(200, "There are no profiles yet.");
    let proof = other.proof("/profiles/new").await;
    let proof = [("csrf", proof.0.as_str()), ("once", proof.1.as_str())];
    let fields = [&proof[..], &[("name", "Mine"), ("revision", "1")]].concat();
    other.post_parts(&one, &fields, b"").await.says(404, gone);
    other.post_bare(&format!("{one}/destroy"), &proof).await.says(404, gone);
    other.post_bare(&format!("{one}/erase"), &fields).await.says(404, gone);
    browser.get("/profiles/x").await.says(404, gone);
    browser.get("/profiles?cursor=x").await.says(400, "invalid cursor");
    browser.get("/profiles?tag=A").await.says(400, "tag: must be 1 to 32");

    // Another session's proof, or none, or the same form twice.
    let expired = "This form has expired.";
    browser.post_parts("/profiles/new", &fields, b"").await.says(403, expired);
    browser.post_parts(&one, &[("name", "x")], b"").await.says(403, expired);
    browser.post_bare(&format!("{one}/destroy"), &[]).await.says(403, expired);
    browser.post_bare(&format!("{one}/erase"), &[("name", "Zoë")]).await.says(403, expired);
    browser.post_bare("/profiles/new", &[("name", "x")]).await.says(400, "boundary is missing");
    let proof = browser.proof("/profiles/new").await;
    let fields = [("csrf", proof.0.as_str()), ("once", proof.1.as_str()), ("name", "Twice")];
    path(&browser.post_parts("/profiles/new", &fields, JON).await);
    let again = browser.post_parts("/profiles/new", &fields, JON).await;
    again.says(409, "This form was sent before");

    assert!(world.store.allow_custom_profiles(id, false, world.by()).await.unwrap());
    for path in ["/profiles", "/profiles/new", &one] {
        browser.get(path).await.says(403, "This account may not use custom profiles.");
    }
}
