import a11y from 'eslint-plugin-jsx-a11y'
import hooks from 'eslint-plugin-react-hooks'
import typescript from 'typescript-eslint'

// Imports run one way: lib, api, i18n and components know no feature, no feature knows another, and
// only app knows all of them.
const upwards = {
  group: ['**/features/**', '**/app/**'],
  message: 'features build on this, not the other way round',
}
const features = ['search', 'picture', 'facets', 'results', 'product']
const acrossOrUpwards = (feature) => ({
  files: [`src/features/${feature}/**`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          { group: ['**/app/**'], message: 'app puts features together, not the other way round' },
          {
            group: features.filter((other) => other !== feature).map((other) => `../${other}/*`),
            message: 'what two features need lives in components, lib or api',
          },
        ],
      },
    ],
  },
})

export default typescript.config(
  { ignores: ['dist', 'node_modules', 'src/api/schema.d.ts'] },
  ...typescript.configs.strict,
  a11y.flatConfigs.recommended,
  { plugins: { 'react-hooks': hooks }, rules: hooks.configs.recommended.rules },
  {
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // The rule does not know that a component of ours holds the control.
      'jsx-a11y/label-has-associated-control': ['error', { assert: 'either' }],
    },
  },
  {
    files: ['src/**'],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...['Literal[raw', 'TemplateElement[value.raw'].map((selector) => ({
          selector: `${selector}=/\\(\\?<[=!]/]`,
          message: 'Safari 16.3 has no lookbehind: the part that it stands in would not be drawn',
        })),
      ],
    },
  },
  {
    files: ['src/{lib,api,i18n,components}/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: [upwards] }] },
  },
  ...features.map(acrossOrUpwards),
  // Playwright's fixtures are given a `use` that is no hook.
  { files: ['e2e/**'], rules: { 'react-hooks/rules-of-hooks': 'off' } },
)
