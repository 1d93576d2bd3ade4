// Runs before the first paint, as a file of its own: the page's security policy allows no inline script.
;(function () {
  var root = document.documentElement
  function stored(name) {
    try {
      return JSON.parse(localStorage.getItem(name))
    } catch {
      return null // Nothing is stored, or storage is off: the system decides.
    }
  }
  var theme = stored('theme')
  if (theme !== 'light' && theme !== 'dark')
    theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
  root.dataset.theme = theme
  // The language that src/i18n/languages.ts chooses.
  var language = [stored('language')].concat(navigator.languages).find(function (one) {
    return /^(en|de|ar)(-|$)/.test(one)
  })
  root.dir = /^ar/.test(language) ? 'rtl' : 'ltr'
  // Which frame of index.html stands until the page has come.
  var searches = /[?&](q|picture|like|stock|min|max|f\.[^&=]+)=/.test(location.search)
  root.dataset.opens = searches || location.pathname.includes('/product/') ? 'results' : 'start'
  addEventListener(
    'error',
    function (event) {
      // The page's script cannot be fetched, is too new for the browser, or failed. React removes the frames.
      if (event.target === window || event.target instanceof HTMLScriptElement) root.dataset.opens = 'nothing'
    },
    true,
  )
})()
