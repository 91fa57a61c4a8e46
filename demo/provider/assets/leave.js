// Signing out was already decided in the app; this page only passes it on.
document.querySelector('[data-leave]').click()
