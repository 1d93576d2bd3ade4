/** What is read on the page, where the tests do not care how it is put. */
export { english as say } from '../../src/i18n/english'
export { arabic } from '../../src/i18n/arabic'
