import { act, fireEvent, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { describe, expect, it } from 'vitest'

import { address, answer, card, goBack, open, png, searchAnswers, searches } from './pages'
import { asked, gateway } from './setup'

let number = 0
const takesPictures = () => {
  number = 0
  gateway.set('POST /pictures', (body) =>
    asksForParts(body as FormData)
      ? { body: { picture_id: 'unused', proposals: PARTS } }
      : { body: { picture_id: `pic${++number}` } },
  )
}
const PARTS = [
  { x: 0.1, y: 0.2, width: 0.3, height: 0.4 },
  { x: 0.6, y: 0.5, width: 0.2, height: 0.25 },
]
const asksForParts = (form: FormData) => form.get('proposals') === 'true'
const forms = () => asked.filter(({ route }) => route === 'POST /pictures').map(({ body }) => body as FormData)
const sent = () => forms().filter((form) => !asksForParts(form))
const cropOf = (form: FormData | undefined): unknown => JSON.parse(String(form?.get('crop')))

describe('searching by picture', () => {
  it('sends the chosen file once, brings its id into the address, shows it, and lets it go', async () => {
    takesPictures()
    searchAnswers(() => answer(['Alike']))
    const user = userEvent.setup()
    open('/?k=10&least=0.2')
    await user.upload(screen.getByTestId('picture-file'), png('mine.png'))
    await card('Alike')
    expect(address()).toBe('/?k=10&least=0.2&picture=pic1')
    expect(searches()[0]).toMatchObject({ query: null, terms: [{ picture_id: 'pic1', weight: 1 }], k: 10, threshold: 0.2 })
    expect((sent()[0]?.get('image') as File).name).toBe('mine.png')
    expect(within(screen.getByRole('list', { name: 'What you search with' })).getByText('Your picture')).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Remove the picture' }))
    expect(address()).toBe('/?k=10&least=0.2')
    expect(sent()).toHaveLength(1)
  })

  it('takes a pasted picture', async () => {
    takesPictures()
    searchAnswers(() => answer(['Alike']))
    const user = userEvent.setup()
    open()
    await user.click(screen.getByRole('combobox', { name: 'Search for products' }))
    const data = { files: [png('pasted.png')], getData: () => '' } as unknown as DataTransfer
    await user.paste(data)
    await card('Alike')
  })

  it('leaves a cell of a spreadsheet, which has a picture beside its words, to the box', async () => {
    takesPictures()
    searchAnswers(() => answer(['Alike']))
    open()
    const paste = (name: string, types: string[]) => {
      const event = new Event('paste', { bubbles: true, cancelable: true })
      Object.assign(event, { clipboardData: { files: [png(name)], types } })
      fireEvent(window, event)
      return event.defaultPrevented
    }
    expect(paste('cell.png', ['text/plain', 'text/html', 'Files'])).toBe(false)
    // From the files of a computer, beside its name, and from another page.
    expect(paste('file.png', ['text/plain', 'Files'])).toBe(true)
    expect(paste('page.png', ['text/html', 'Files'])).toBe(true)
    await card('Alike')
    expect(sent().map((form) => (form.get('image') as File).name)).not.toContain('cell.png')
  })

  it('takes a dropped picture', async () => {
    takesPictures()
    searchAnswers(() => answer(['Alike']))
    open()
    const drop = new Event('drop', { bubbles: true, cancelable: true })
    Object.assign(drop, { dataTransfer: { files: [png('dropped.png')] } })
    fireEvent(window, drop)
    await card('Alike')
    expect(drop.defaultPrevented).toBe(true)
  })

  it('asks a phone for its camera', () => {
    open()
    expect(screen.getByRole('button', { name: 'Take a photo', hidden: true })).toBeInTheDocument()
    expect(screen.getByTestId('picture-camera')).toHaveAttribute('capture', 'environment')
  })

  it('goes on with words beside it', async () => {
    takesPictures()
    searchAnswers(({ query }) => answer([query ? 'Blue one' : 'Alike']))
    const user = userEvent.setup()
    open()
    await user.upload(screen.getByTestId('picture-file'), png('mine.png'))
    await card('Alike')
    await user.type(screen.getByRole('combobox', { name: 'Search for products' }), 'but blue{Enter}')
    await card('Blue one')
    expect(searches().at(-1)).toMatchObject({ query: 'but blue', terms: [{ picture_id: 'pic1', weight: 1 }] })
    const balance = screen.getByRole('slider', { name: 'Balance of words and picture' })
    fireEvent.change(balance, { target: { value: '0.8' } })
    await waitFor(() => expect(searches().at(-1)?.terms).toMatchObject([{ weight: 4 }]))
  })

  it.each([
    ['a.pdf', 'application/pdf', 1, 'not a picture'],
    ['huge.png', 'image/png', 100_000_001, 'too large'],
  ])('refuses %s before anything is sent', async (name, type, bytes, why) => {
    const user = userEvent.setup({ applyAccept: false })
    open()
    await user.upload(screen.getByTestId('picture-file'), new File([new Uint8Array(bytes)], name, { type }))
    expect(await screen.findByRole('alert')).toHaveTextContent(why)
    expect(sent()).toHaveLength(0)
  })

  it('says that a damaged picture is damaged, and takes another one', async () => {
    let bad = true
    gateway.set('POST /pictures', () =>
      bad
        ? { status: 422, body: { type: '/problems/unreadable-image', detail: 'The picture is cut off.', instance: 'id-7' } }
        : { body: { picture_id: 'pic' } },
    )
    searchAnswers(() => answer(['Alike']))
    const user = userEvent.setup()
    open()
    await user.upload(screen.getByTestId('picture-file'), png('mine.png'))
    expect(await screen.findByRole('alert')).toHaveTextContent('It may be damaged: choose another one.')
    expect(screen.queryByRole('button', { name: 'Try again' })).toBeNull()
    await userEvent
      .setup({ applyAccept: false })
      .upload(screen.getByTestId('picture-file'), new File(['x'], 'a.pdf', { type: 'application/pdf' }))
    expect(await screen.findByRole('alert')).toHaveTextContent('not a picture')
    bad = false
    await user.upload(screen.getByTestId('picture-file'), png('other.png'))
    await card('Alike')
  })

  it('sends a picture again by itself after a failure that passes', async () => {
    let down = true
    gateway.set('POST /pictures', () => (down ? { status: 503, body: { detail: 'x' } } : { body: { picture_id: 'pic1' } }))
    searchAnswers(() => answer(['Alike']))
    open()
    await userEvent.setup().upload(screen.getByTestId('picture-file'), png('mine.png'))
    expect(await screen.findByRole('alert')).toHaveTextContent('by itself')
    down = false
    await waitFor(() => expect(address()).toBe('/?picture=pic1'), { timeout: 4_000 })
    await card('Alike')
  })

  it('lets another search take the place of a picture that was refused, or could not be sent', async () => {
    gateway.set('POST /pictures', () => ({ status: 503, body: { detail: 'x', instance: 'i' } }))
    searchAnswers(({ query }) => answer([`A ${query ?? ''}`]))
    const user = userEvent.setup({ applyAccept: false })
    open('/?q=mug')
    const box = screen.getByRole('combobox', { name: 'Search for products' })
    await user.upload(screen.getByTestId('picture-file'), png('mine.png'))
    expect(await screen.findByRole('alert')).toHaveTextContent('busy or starting')
    await user.type(box, 's{Enter}')
    await card('A mugs')
    await user.upload(screen.getByTestId('picture-file'), new File(['x'], 'a.pdf', { type: 'application/pdf' }))
    expect(await screen.findByRole('alert')).toHaveTextContent('not a picture')
    await user.type(box, ' red{Enter}')
    await card('A mugs red')
    expect(screen.queryByRole('alert')).toBeNull()
  })

  it('gives up a picture on its way when one goes back', async () => {
    let answerIt = (): void => undefined
    gateway.set('POST /pictures', () => new Promise((done) => (answerIt = () => done({ body: { picture_id: 'late' } }))))
    searchAnswers(({ query }) => answer([`A ${query ?? ''}`]))
    const user = userEvent.setup()
    open('/?q=mug')
    await user.type(screen.getByRole('combobox', { name: 'Search for products' }), 's{Enter}')
    await card('A mugs')
    await user.upload(screen.getByTestId('picture-file'), png('mine.png'))
    await waitFor(() => expect(sent()).toHaveLength(1))
    goBack()
    await card('A mug')
    answerIt()
    await act(async () => new Promise((done) => setTimeout(done)))
    expect(address()).toBe('/?q=mug')
  })

  it('asks to choose a picture again when its id has expired', async () => {
    gateway.set('POST /search', () => ({
      status: 422,
      body: { detail: 'x', instance: 'i', errors: [{ field: 'body.terms.0.picture_id', message: 'expired' }] },
    }))
    open('/?picture=old')
    expect(await screen.findByRole('alert')).toHaveTextContent('has expired. Choose it again')
    expect(screen.getByText('A picture')).toBeVisible()
  })
})

describe('a part of a picture', () => {
  const openEditor = async () => {
    takesPictures()
    searchAnswers(() => answer(['Alike']))
    const user = userEvent.setup()
    open()
    await user.upload(screen.getByTestId('picture-file'), png('mine.png'))
    await card('Alike')
    await user.click(screen.getByRole('button', { name: 'Choose a part' }))
    const editor = await screen.findByRole('region', { name: 'Search for a part of the picture' })
    return { user, editor }
  }

  it('starts with the whole, and searches after a change alone', async () => {
    const { user, editor } = await openEditor()
    for (const [name, value] of [['Left %', 0], ['Width %', 100]] as const)
      expect(within(editor).getByRole('spinbutton', { name })).toHaveValue(value)
    await new Promise((done) => setTimeout(done, 700))
    expect(sent()).toHaveLength(1)
    expect(address()).toBe('/?picture=pic1')
    await user.click(within(editor).getByRole('button', { name: 'Centre' }))
    await waitFor(() => expect(sent()).toHaveLength(2))
    expect(cropOf(sent()[1])).toEqual({ x: 0.2, y: 0.2, width: 0.6, height: 0.6 })
    await waitFor(() => expect(address()).toBe('/?picture=pic2'))
    expect(screen.getByText('Part of your picture')).toBeVisible()
  })

  it('leaves the search as it was with Escape, also after a change', async () => {
    const { user, editor } = await openEditor()
    await user.keyboard('{Escape}')
    expect(screen.queryByRole('region', { name: 'Search for a part of the picture' })).toBeNull()
    expect(sent()).toHaveLength(1)
    expect(editor).not.toBeInTheDocument()
    await user.click(screen.getByRole('button', { name: 'Choose a part' }))
    await user.click(screen.getByRole('button', { name: 'Centre' }))
    await waitFor(() => expect(sent()).toHaveLength(2))
    await user.keyboard('{Escape}')
    await waitFor(() => expect(sent()).toHaveLength(3))
    expect(sent()[2]?.get('crop')).toBeNull()
    expect(screen.getByRole('button', { name: 'Choose a part' })).toHaveFocus()
  })

  it('is one click where the gateway sees a thing', async () => {
    const { user, editor } = await openEditor()
    await user.click(await within(editor).findByRole('button', { name: 'Search for thing 2' }))
    await waitFor(() => expect(cropOf(sent()[1])).toEqual(PARTS[1]))
    expect(within(editor).queryByRole('button', { name: /^Search for thing/ })).toBeNull()
    await user.click(within(editor).getByRole('button', { name: 'Whole picture' }))
    expect(within(editor).getAllByRole('button', { name: /^Search for thing/ })).toHaveLength(2)
    expect(forms().filter(asksForParts)).toHaveLength(1)
  })

  it('keeps the keyboard in the editor after a click on a thing', async () => {
    const { user, editor } = await openEditor()
    await user.click(await within(editor).findByRole('button', { name: 'Search for thing 1' }))
    expect(within(editor).getByRole('heading')).toHaveFocus()
    await user.keyboard('{Escape}')
    await waitFor(() => expect(editor).not.toBeInTheDocument())
  })

  it('needs no proposals', async () => {
    const { user, editor } = await openEditor()
    gateway.set('POST /pictures', (body) =>
      asksForParts(body as FormData) ? { status: 503, body: { detail: 'x' } } : { body: { picture_id: 'pic9' } },
    )
    await user.click(within(editor).getByRole('button', { name: 'Centre' }))
    await waitFor(() => expect(address()).toBe('/?picture=pic9'))
  })

  it('is given by figures, and spoken', async () => {
    const { user, editor } = await openEditor()
    await user.click(within(editor).getByRole('button', { name: 'Centre' }))
    const left = within(editor).getByRole('spinbutton', { name: 'Left %' })
    await user.clear(left)
    await user.type(left, '35')
    await waitFor(() => expect(cropOf(sent().at(-1))).toEqual({ x: 0.35, y: 0.2, width: 0.6, height: 0.6 }))
    expect(screen.getByText(/60 by 60 percent, 35 percent from the left/)).toBeInTheDocument()
  })

  it('has a handle for each side and corner, with a name of its own', async () => {
    const { editor } = await openEditor()
    const names = within(editor)
      .getAllByRole('button')
      .map((one) => one.getAttribute('aria-label'))
    expect(names).toEqual(expect.arrayContaining(['Left edge', 'Right edge', 'Top edge', 'Bottom edge', 'Top left corner']))
    expect(within(editor).getByRole('group', { name: 'Frame: arrow keys move it' })).toHaveAttribute('tabindex', '0')
  })

  it('gives the keyboard back to the button that opened it', async () => {
    const { user, editor } = await openEditor()
    await user.click(within(editor).getByRole('button', { name: 'Done' }))
    expect(screen.getByRole('button', { name: 'Choose a part' })).toHaveFocus()
  })

  it('is the whole again with one press, and goes with the picture', async () => {
    const { user, editor } = await openEditor()
    await user.click(within(editor).getByRole('button', { name: 'Centre' }))
    await waitFor(() => expect(sent()).toHaveLength(2))
    await user.click(within(editor).getByRole('button', { name: 'Whole picture' }))
    await waitFor(() => expect(sent()).toHaveLength(3))
    expect(sent()[2]?.get('crop')).toBeNull()
    await user.click(screen.getByRole('button', { name: 'Remove the picture' }))
    expect(screen.queryByRole('region', { name: 'Search for a part of the picture' })).toBeNull()
  })
})
