//! A browser, as far as pages without script need one: it keeps our cookie, says where it comes from, and sends forms.

use reqwest::{Method, StatusCode};

use super::{Reply, World, http_client};

/// A browser and its cookie.
pub(crate) struct Browser {
    http: reqwest::Client,
    url: String,
    /// What the cookie jar holds: `name=value`.
    pub(crate) cookie: Option<String>,
}

/// The fields of a form.
pub(crate) type Fields<'f> = &'f [(&'f str, &'f str)];

impl Browser {
    pub(crate) fn new(world: &World) -> Self {
        Self { http: world.http.clone(), url: world.url(), cookie: None }
    }

    /// One that is pointed to another server.
    pub(crate) fn at(url: &str) -> Self {
        Self { http: http_client(), url: url.to_owned(), cookie: None }
    }

    /// Another one with the same cookie.
    pub(crate) fn with(world: &World, cookie: &str) -> Self {
        Self { cookie: Some(cookie.to_owned()), ..Self::new(world) }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Reply {
        self.request(Method::GET, path, None, &[("accept", "text/html,*/*;q=0.8")]).await
    }

    /// Sends a form as it was shown on no page: nothing is added.
    pub(crate) async fn post_bare(&mut self, path: &str, fields: Fields<'_>) -> Reply {
        let origin = self.url.clone();
        self.post_as(path, fields, &[("origin", &origin), ("sec-fetch-site", "same-origin")]).await
    }

    /// Sends a form with headers of one's own.
    pub(crate) async fn post_as(
        &mut self,
        path: &str,
        fields: Fields<'_>,
        headers: &[(&str, &str)],
    ) -> Reply {
        let pairs = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", guise_oauth1::percent_encode(value)));
        let body = pairs.collect::<Vec<_>>().join("&").into_bytes();
        let form = "application/x-www-form-urlencoded";
        self.request(Method::POST, path, Some((form, body)), headers).await
    }

    /// Sends a form with a file in it as it was shown on no page. The file's name would like to be a script.
    pub(crate) async fn post_parts(
        &mut self,
        path: &str,
        fields: Fields<'_>,
        file: &[u8],
    ) -> Reply {
        let mut body = Vec::new();
        for (name, value) in fields {
            let head = format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"");
            body.extend(format!("{head}\r\n\r\n{value}\r\n").into_bytes());
        }
        let name = "name=\"media\"; filename=\"<script>alert(1)</script>.jpg\"";
        let head = format!("--edge\r\nContent-Disposition: form-data; {name}\r\n\r\n");
        body.extend([head.as_bytes(), file, b"\r\n--edge--\r\n"].concat());
        let origin = self.url.clone();
        let form = "multipart/form-data; boundary=edge";
        self.request(Method::POST, path, Some((form, body)), &[("origin", &origin)]).await
    }

    /// Looks at a page, and sends such a form with what the page hides.
    pub(crate) async fn post_file(
        &mut self,
        page: &str,
        path: &str,
        fields: Fields<'_>,
        file: &[u8],
    ) -> Reply {
        let (csrf, once) = self.proof(page).await;
        let proof = [("csrf", csrf.as_str()), ("once", once.as_str())];
        self.post_parts(path, &[&proof, fields].concat(), file).await
    }

    /// What a page hides in its forms.
    pub(crate) async fn proof(&mut self, page: &str) -> (String, String) {
        let shown = self.get(page).await.html();
        (hidden(&shown, "csrf"), hidden(&shown, "once"))
    }

    /// Looks at a page, and sends a form that is on it with what it hides.
    pub(crate) async fn post(&mut self, page: &str, path: &str, fields: Fields<'_>) -> Reply {
        let (csrf, once) = self.proof(page).await;
        let proof = [("csrf", csrf.as_str()), ("once", once.as_str())];
        self.post_bare(path, &[&proof, fields].concat()).await
    }

    /// Signs in; fails the test if that does not work.
    pub(crate) async fn sign_in(&mut self, name: &str, password: &str, operator: &str) {
        let fields = [("name", name), ("password", password), ("operator", operator)];
        self.post_bare("/sign-in", &fields).await.sees("/");
    }

    async fn request(
        &mut self,
        method: Method,
        path: &str,
        body: Option<(&str, Vec<u8>)>,
        headers: &[(&str, &str)],
    ) -> Reply {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        if let Some((form, body)) = body {
            request = request.header("content-type", form).body(body);
        }
        let reply = Reply::read(request.send().await.unwrap()).await;
        if let Some(set) = reply.headers.get("set-cookie") {
            let pair = set.to_str().unwrap().split(';').next().unwrap().to_owned();
            self.cookie = (!pair.ends_with('=')).then_some(pair);
        }
        reply
    }
}

/// The value of a hidden field on a page.
pub(crate) fn hidden(page: &str, name: &str) -> String {
    let mark = format!("name=\"{name}\" value=\"");
    let at = page.find(&mark).unwrap_or_else(|| panic!("no {name} in {page}"));
    page[at + mark.len()..].split('"').next().unwrap().to_owned()
}

impl Reply {
    /// The text of a page.
    #[track_caller]
    pub(crate) fn html(&self) -> String {
        assert_eq!(self.header("content-type"), "text/html; charset=utf-8", "{self:?}");
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// Holds that the browser is sent on to `path`.
    #[track_caller]
    pub(crate) fn sees(&self, path: &str) {
        let found = (self.status, self.header("location"));
        assert_eq!(found, (StatusCode::SEE_OTHER, path), "{}", String::from_utf8_lossy(&self.body));
    }

    /// Holds that a page says no, with this status and somewhere these words.
    #[track_caller]
    pub(crate) fn says(&self, status: u16, words: &str) {
        let page = self.html();
        assert_eq!(self.status.as_u16(), status, "{page}");
        assert!(page.contains(words), "{page}");
    }
}
