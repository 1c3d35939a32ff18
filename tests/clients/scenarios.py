"""What every client must be able to do. Each scenario gets a client on an account of its own, and the server's maker.

A client offers `upload`, `upload_in_segments`, `create`, `show`, `page`, `destroy`, and `refusal`, which runs something
that must fail and tells what the library let its user read: status, code (None where the library hides it), message.
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


def refused(client, action, status, code, message):
    told = client.refusal(action)
    assert told[0] == status and told[1] in (code, None) and message in told[2], told


ALL = [value for name, value in list(globals().items()) if callable(value) and name not in ("refused",)]
