/** Texts of the page, for tests that do not depend on their wording. */
export { english as say } from '../../src/i18n/english'
export { arabic } from '../../src/i18n/arabic'
