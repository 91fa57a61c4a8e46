// A navigation from our own page carries the session cookie, which the redirect from the provider could not.
location.replace(document.querySelector('[data-continue]').href)
