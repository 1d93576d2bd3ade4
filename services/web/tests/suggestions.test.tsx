import { fireEvent, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { describe, expect, it } from 'vitest'

import { answer, open, searchAnswers } from './pages'
import { gateway } from './setup'

const box = () => screen.getByRole<HTMLInputElement>('combobox', { name: 'Search for products' })

const list = () => document.getElementById('suggestions')

// One test: the list is fetched once in the life of the page.
describe('suggestions', () => {
  it('come to the box of the results too if a search starts before they are fetched, and change nothing of it', async () => {
    searchAnswers(() => answer(['Red mug']))
    gateway.set('GET /suggest', () => ({ body: { suggestions: [{ text: 'mugs', kind: 'category' }], products: [] } }))
    const user = userEvent.setup()
    open()
    const first = box()
    fireEvent.focus(first)
    fireEvent.change(first, { target: { value: 'mug' } })
    fireEvent.submit(screen.getByRole('search'))
    const before = box()
    expect(before).not.toBe(first)
    before.focus()
    before.setSelectionRange(1, 3)
    expect(list()).toBeNull()
    await waitFor(() => expect(list()).not.toBeNull())
    expect(box()).toBe(before)
    expect(before).toHaveFocus()
    expect([before.selectionStart, before.selectionEnd]).toEqual([1, 3])
    await user.type(before, 's')
    expect(await screen.findByRole('option', { name: /mugs/ })).toContainHTML('<b>mugs</b>')
    expect(before).toHaveAttribute('aria-expanded', 'true')
    await user.keyboard('{ArrowDown}')
    expect(document.getElementById(before.getAttribute('aria-activedescendant') ?? '')).toHaveTextContent('mugs')
    gateway.set('GET /suggest', () => ({
      body: {
        suggestions: ['red mug', 'Big mug, (red)'].map((text) => ({ text, kind: 'title' })),
        products: [{ product_id: '1', title: 'Big mug, (red)', image_url: null }],
      },
    }))
    await user.clear(before)
    await user.type(before, 'mu (r')
    // A product is no completion too, and no letter that was typed is taken for a pattern.
    const titles = () => within(screen.getByRole('listbox')).getAllByRole('option').map((one) => one.textContent)
    await waitFor(() => expect(titles()).toEqual(['red mug', 'Big mug, (red)Product']))
    expect(screen.getByRole('option', { name: /Big/ })).toContainHTML('Big <b>mu</b>g, (<b>r</b>ed)')
    gateway.set('GET /suggest', () => ({ body: { suggestions: [{ text: 'हिन्दी किताब', kind: 'title' }], products: [] } }))
    await user.clear(before)
    await user.type(before, 'कि')
    // A sign of a vowel belongs to its letter, and begins no word.
    expect(await screen.findByRole('option', { name: /हिन्दी/ })).toContainHTML('हिन्दी <b>कि</b>ताब')
  })
})
