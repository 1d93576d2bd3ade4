// Runs before the first paint, as a file of its own: the page's security policy allows no inline script.
;(function () {
  var theme = null
  try {
    theme = JSON.parse(localStorage.getItem('theme'))
  } catch {
    // Nothing is stored, or storage is off: the system decides.
  }
  if (theme !== 'light' && theme !== 'dark')
    theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
  document.documentElement.dataset.theme = theme
})()
