import { fireEvent, render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { ErrorBoundary } from '../src/components/error-boundary'
import { later } from '../src/components/later'

const gone = () => Promise.reject(new TypeError('Failed to fetch dynamically imported module'))
const there = () => Promise.resolve(() => <p>Here</p>)
const reload = vi.fn()

beforeEach(() => {
  sessionStorage.clear()
  reload.mockReset()
  vi.stubGlobal('location', { ...window.location, reload })
})
afterEach(() => vi.unstubAllGlobals())

describe('a part that is fetched later', () => {
  it('stands in its place without a network, and comes when the network does', async () => {
    const online = vi.spyOn(navigator, 'onLine', 'get').mockReturnValue(false)
    const load = vi.fn(gone as () => ReturnType<typeof there>)
    const { Part } = later(load)
    render(<Part />)
    expect(await screen.findByRole('alert')).toHaveTextContent('Are you online?')
    expect(reload).not.toHaveBeenCalled()
    online.mockRestore()
    load.mockImplementation(there)
    // The notice listens once its effects have run, which nothing dates: so the event is repeated.
    await vi.waitFor(() => {
      fireEvent(window, new Event('online'))
      expect(screen.getByText('Here')).toBeVisible()
    }, 5_000)
  })

  it('reloads the page once where it is gone, then says so with a retry', async () => {
    const load = vi.fn(gone as () => ReturnType<typeof there>)
    const { Part } = later(load)
    const first = render(<Part />)
    await vi.waitFor(() => expect(reload).toHaveBeenCalledTimes(1))
    first.unmount()
    render(<Part />)
    await screen.findByRole('alert')
    expect(reload).toHaveBeenCalledTimes(1)
    load.mockImplementation(there)
    await userEvent.setup().click(screen.getByRole('button', { name: 'Try again' }))
    expect(await screen.findByText('Here')).toBeVisible()
  })

  it('is there at once when it was fetched before', async () => {
    const { Part, prefetch } = later(there, <p>One moment</p>)
    await prefetch()
    render(<Part />)
    expect(screen.getByText('Here')).toBeVisible()
  })

  it('that cannot be fetched before it is wanted troubles nobody', async () => {
    await expect(later(gone).prefetch()).resolves.toBeUndefined()
  })
})

describe('an error while drawing', () => {
  let broken = true
  const Drawn = () => {
    if (broken) throw new Error('cannot be drawn')
    return <p>Drawn</p>
  }
  beforeEach(() => {
    broken = true
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
  })
  afterEach(() => vi.restoreAllMocks())

  it('leaves the rest of the page, and can be tried again', async () => {
    render(
      <>
        <p>Header</p>
        <ErrorBoundary of="a">
          <Drawn />
        </ErrorBoundary>
      </>,
    )
    expect(screen.getByText('Header')).toBeVisible()
    expect(screen.getByRole('alert')).toHaveTextContent('Something went wrong')
    broken = false
    await userEvent.setup().click(screen.getByRole('button', { name: 'Try again' }))
    expect(screen.getByText('Drawn')).toBeVisible()
  })

  it('is forgotten when another page is gone to', () => {
    const { rerender } = render(<ErrorBoundary of="a"><Drawn /></ErrorBoundary>)
    broken = false
    rerender(<ErrorBoundary of="b"><Drawn /></ErrorBoundary>)
    expect(screen.getByText('Drawn')).toBeVisible()
  })
})
