import { screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { describe, expect, it } from 'vitest'

import { answer, card, open, product, searchAnswers } from './pages'
import { asked, gateway } from './setup'

describe('the product page', () => {
  it('shows everything that is known, as text, and goes back to the same search', async () => {
    searchAnswers(() => answer(['Red mug']))
    gateway.set('GET /products/p%2FRed%20mug', () => ({ body: product('p/Red mug', 'Red mug') }))
    const user = userEvent.setup()
    open('/?q=mug&k=50')
    await user.click(await screen.findByRole('link', { name: 'More info on Red mug' }))
    expect(await screen.findByRole('heading', { level: 1, name: 'Red mug' })).toBeVisible()
    expect(screen.getByText('<b>text</b> & more')).toBeVisible()
    expect(screen.getByText('color')).toBeVisible()
    expect(screen.getByRole('link', { name: /See it in the shop/ })).toHaveAttribute('rel', 'noopener noreferrer')
    const back = screen.getByRole('link', { name: /Back to the results/ })
    expect(back).toHaveAttribute('href', '/?q=mug&k=50')
    await user.click(back)
    await card('Red mug')
    expect(asked.map((one) => one.route)).toEqual(['POST /search', 'GET /products/p%2FRed%20mug'])
  })

  it('never links to anything but the web', async () => {
    gateway.set('GET /products/p1', () => ({
      body: product('p1', 'Trap', { product_url: 'javascript:alert(1)', image_url: 'javascript:alert(2)' }),
    }))
    open('/product/p1')
    await screen.findByRole('heading', { level: 1, name: 'Trap' })
    expect(screen.queryByRole('link', { name: /shop/ })).toBeNull()
    expect(screen.queryByRole('img')).toBeNull()
    expect(screen.getByText('No picture')).toBeVisible()
  })

  it('says when there is no such product', async () => {
    gateway.set('GET /products/none', () => ({ status: 404, body: { detail: 'x' } }))
    open('/product/none')
    expect(await screen.findByRole('alert')).toHaveTextContent('There is no such product')
  })

  it('shows a product with nothing but a title', async () => {
    gateway.set('GET /products/bare', () => ({
      body: { product_id: 'bare', title: 'Bare', description: '', attributes: {}, price: null, currency: null },
    }))
    open('/product/bare')
    expect(await screen.findByRole('heading', { level: 1, name: 'Bare' })).toBeVisible()
    expect(screen.getByText('Price on request')).toBeVisible()
  })
})
