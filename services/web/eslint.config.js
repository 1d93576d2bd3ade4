import a11y from 'eslint-plugin-jsx-a11y'
import hooks from 'eslint-plugin-react-hooks'
import typescript from 'typescript-eslint'

// Imports run one way: lib, api, i18n and components know no feature; only app knows all of them.
const upwards = {
  group: ['**/features/**', '**/app/**'],
  message: 'features build on this, not the other way round',
}

export default typescript.config(
  { ignores: ['dist', 'node_modules', 'src/api/schema.d.ts'] },
  ...typescript.configs.strict,
  a11y.flatConfigs.recommended,
  { plugins: { 'react-hooks': hooks }, rules: hooks.configs.recommended.rules },
  {
    files: ['src/{lib,api,i18n,components}/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: [upwards] }] },
  },
)
