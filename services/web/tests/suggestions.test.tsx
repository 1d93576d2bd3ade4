import { fireEvent, screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { describe, expect, it } from 'vitest'

import { answer, open, searchAnswers } from './pages'
import { gateway } from './setup'

const box = () => screen.getByRole<HTMLInputElement>('combobox', { name: 'Search for products' })

// One test: the field with suggestions is fetched once in the life of the page.
describe('suggestions', () => {
  it('come to the box of the results too if a search starts before they are fetched, and keep its cursor', async () => {
    searchAnswers(() => answer(['Red mug']))
    gateway.set('GET /suggest', () => ({ body: { suggestions: [{ text: 'mugs', kind: 'category' }], products: [] } }))
    const user = userEvent.setup()
    open()
    const first = box()
    fireEvent.focus(first)
    fireEvent.change(first, { target: { value: 'mug' } })
    fireEvent.submit(screen.getByRole('search'))
    const plain = box()
    expect(plain).not.toBe(first)
    plain.focus()
    plain.setSelectionRange(1, 1)
    await waitFor(() => expect(box()).not.toBe(plain))
    expect(box()).toHaveFocus()
    expect(box().selectionStart).toBe(1)
    await user.type(box(), 's')
    expect(await screen.findByRole('option', { name: /mugs/ })).toBeVisible()
  })
})
