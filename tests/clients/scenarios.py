"""What every client must be able to do. Each scenario gets a client on an account of its own, and the server's maker.

A client offers `upload`, `upload_in_segments`, and of profiles `create`, `show`, `page` and `destroy`. It writes messages
with `send`, reads them with `inbox` (events and the next cursor), `message` and `download`, and has `remove`, `read`,
`type_to`, `user` and `users`. `refusal` runs something that must fail and tells what the library let its user read:
status, code (None where the library hides it), message.
"""

import requests

import pictures

NAME = "Jon C, Partner Engineer"
UNKNOWN = "100001"


def uploads_a_picture(client):
    assert int(client.upload(pictures.small())) > 0


def uploads_a_picture_in_segments(client):
    media = client.upload_in_segments(pictures.large())
    assert client.create(NAME, media)["name"] == NAME


def creates_a_profile_and_reads_it_back(client):
    created = client.create(NAME, client.upload(pictures.small()))
    assert created["name"] == NAME
    assert int(created["created_timestamp"]) == (int(created["id"]) >> 22) + 1288834974657
    assert client.show(created["id"]) == created


def shows_the_face_of_a_profile(client):
    created = client.create(NAME, client.upload(pictures.small()))
    answer = requests.get(created["avatar"]["media"]["url"], timeout=60)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")


def keeps_a_name_in_any_script(client):
    name = "Zoë 東京 😀 ناهد"
    assert client.create(name, client.upload(pictures.small()))["name"] == name


def pages_through_45_profiles(client):
    media = client.upload(pictures.small())
    created = [client.create(f"Profile {number}", media)["id"] for number in range(45)]
    pages, cursor = [], None
    while not pages or cursor:
        page = client.page(20, cursor)
        pages.append([profile["id"] for profile in page["custom_profiles"]])
        cursor = page.get("next_cursor")
    assert [len(page) for page in pages] == [20, 20, 5]
    assert sum(pages, []) == created[::-1]
    assert "next_cursor" not in page


def destroys_a_profile_as_often_as_it_likes(client):
    profile = client.create(NAME, client.upload(pictures.small()))["id"]
    client.destroy(profile)
    client.destroy(profile)
    assert client.page(20, None) == {"custom_profiles": []}
    refused(client, lambda: client.show(profile), 404, 34, "Sorry, that page does not exist.")


def reads_that_the_signature_is_wrong(client):
    stranger = client.with_secret("wrong")
    refused(stranger, lambda: stranger.page(20, None), 401, 32, "Could not authenticate you.")


def reads_that_a_name_is_too_long(client):
    media = client.upload(pictures.small())
    reason = "custom_profile.name: must be at most 48 characters, got 53"
    refused(client, lambda: client.create("x" * 53, media), 400, 214, reason)


def reads_that_a_media_id_is_unknown(client):
    refused(client, lambda: client.create(NAME, UNKNOWN), 400, 325, "A media id was not found.")


def reads_that_a_profile_is_unknown(client):
    refused(client, lambda: client.show(UNKNOWN), 404, 34, "Sorry, that page does not exist.")


def writes_under_a_profile_and_the_other_reads_who_wrote(client):
    other = another(client)
    profile = client.create(NAME, client.upload(pictures.small()))
    sent = client.send(other.keys["id"], "Hello", profile=profile["id"])
    answer = other.send(client.keys["id"], "Who is it?")
    expected = [(other.keys["id"], None, "Who is it?"), (client.keys["id"], profile["id"], "Hello")]
    for reader in (client, other):
        events, cursor = reader.inbox(20, None)
        assert ([said(event) for event in events], cursor) == (expected, None)
    assert (other.message(sent["id"]), client.message(answer["id"])) == (sent, answer)
    assert other.show(profile["id"]) == profile


def sends_a_picture_that_only_signed_requests_read(client):
    other = another(client)
    event = client.send(other.keys["id"], "Look", media=client.upload(pictures.small()))["id"]
    url = other.message(event)["message_create"]["message_data"]["attachment"]["media"]["media_url_https"]
    answer = other.download(url)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert answer.content.startswith(b"\xff\xd8") and answer.content == client.download(url).content
    answer = requests.get(url, timeout=60)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, 215)


def pages_through_45_messages(client):
    other = another(client)
    sent = [client.send(other.keys["id"], str(number))["id"] for number in range(45)]
    pages, cursor = [], None
    while not pages or cursor:
        events, cursor = other.inbox(20, cursor)
        pages.append([event["id"] for event in events])
    assert [len(page) for page in pages] == [20, 20, 5]
    assert sum(pages, []) == sent[::-1]


def destroys_only_its_own_copy_of_a_message(client):
    other = another(client)
    event = client.send(other.keys["id"], "Hello")
    other.remove(event["id"])
    assert other.inbox(20, None) == ([], None)
    refused(other, lambda: other.message(event["id"]), 404, 34, "Sorry, that page does not exist.")
    refused(other, lambda: other.remove(event["id"]), 404, 34, "Sorry, that page does not exist.")
    assert said(client.message(event["id"])) == said(event)


def marks_a_message_as_read_and_indicates_typing(client):
    other = another(client)
    event = client.send(other.keys["id"], "Hello")["id"]
    other.read(event, client.keys["id"])
    other.type_to(client.keys["id"])
    refused(client, lambda: client.read(event, other.keys["id"]), 404, 34, "Sorry, that page does not exist.")
    refused(client, lambda: client.type_to(UNKNOWN), 403, 108, "Cannot find specified user.")


def looks_up_other_accounts(client):
    names = [(other["id"], other["name"]) for other in (client.server.newcomer(), client.server.newcomer())]
    user = client.user(names[0][0])
    assert (user["id_str"], user["screen_name"]) == names[0]
    users = client.users([account for account, _ in names])
    assert sorted((user["id_str"], user["screen_name"]) for user in users) == sorted(names)
    refused(client, lambda: client.user(UNKNOWN), 404, 50, "User not found.")


def reads_that_a_recipient_is_unknown(client):
    refused(client, lambda: client.send(UNKNOWN, "Hello"), 403, 108, "Cannot find specified user.")


def reads_that_a_text_is_too_long(client):
    reason = "The text of your direct message is over the max character limit."
    refused(client, lambda: client.send(client.keys["id"], "x" * 10_001), 403, 354, reason)


def reads_that_a_profile_is_destroyed(client):
    other = another(client)
    profile = client.create(NAME, client.upload(pictures.small()))["id"]
    client.destroy(profile)
    reason = "There was an error sending your message: the custom profile was destroyed."
    refused(client, lambda: client.send(other.keys["id"], "Hello", profile=profile), 403, 151, reason)
    assert other.inbox(20, None) == ([], None)


def another(client):
    """The same library on a second account."""
    return type(client)(client.server, client.server.newcomer())


def said(event):
    """Who wrote a message, under which profile, and what."""
    message = event["message_create"]
    return message["sender_id"], message.get("custom_profile_id"), message["message_data"]["text"]


def refused(client, action, status, code, message):
    told = client.refusal(action)
    assert told[0] == status and told[1] in (code, None) and message in told[2], told


HELPERS = ("another", "said", "refused")
ALL = [value for name, value in list(globals().items()) if callable(value) and name not in HELPERS]
