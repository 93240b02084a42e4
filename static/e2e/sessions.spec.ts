// Staying logged in: many windows at once, two servers on one host, a forgotten password, and a server that has enough.

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { BINARY, Server } from '../../tests/interop/harness/server.js'
import { EditorPage } from './editor'
import { expect, type Page, Person, test } from './fixtures'

const run = promisify(execFile)

/** As on plain http in a home network, where browsers give no locks. */
async function withoutLocks(page: Page): Promise<void> {
  await page.context().addInitScript(() => Object.defineProperty(Navigator.prototype, 'locks', { value: undefined }))
}

async function isLoggedIn(page: Page): Promise<void> {
  await expect(page.getByTestId('account-menu')).toBeVisible()
}

test('six windows opened at once over plain http all stay logged in', async ({ browse, server }) => {
  const first = await browse(await Person.signUp(server, 'Ara'))
  await withoutLocks(first)
  const pages = [first, ...(await Promise.all([1, 2, 3, 4, 5].map(() => first.context().newPage())))]
  await Promise.all(pages.map((page) => page.goto(server.http)))
  for (const page of pages) await isLoggedIn(page)
  for (const page of pages) await page.reload()
  for (const page of pages) await isLoggedIn(page)
})

test('reloading again before the answer came leaves one logged in', async ({ browse, server }) => {
  const page = await browse(await Person.signUp(server, 'Ara'))
  await withoutLocks(page)
  await page.goto('/')
  await isLoggedIn(page)
  for (let times = 0; times < 5; times++) {
    const asked = page.waitForRequest('**/sessions/refresh')
    void page.reload().catch(() => undefined) // given up by the next one
    await asked
  }
  await page.reload()
  await isLoggedIn(page)
})

test('two servers on one host leave each other\'s sessions alone', async ({ browse, server }) => {
  const other = await Server.start()
  try {
    const [here, there] = [await Person.signUp(server, 'Ara'), await Person.signUp(other, 'Bora')]
    const page = await browse(here)
    const form = { mail: there.mail, password: there.password }
    await page.context().request.post(`${other.http}/api/v1/sessions`, { data: form })
    for (const place of [server.http, other.http, server.http, other.http]) {
      await page.goto(place)
      await isLoggedIn(page)
    }
  } finally {
    await other.stop()
  }
})

for (const { locale, over } of [
  { locale: 'en-GB', over: 'This link no longer works' },
  { locale: 'ko-KR', over: '더는 쓸 수 없는 링크예요' },
]) {
  test(`a link leads to a new password, once, in ${locale}`, async ({ browse, server }) => {
    const ara = await Person.signUp(server, 'Ara', locale.slice(0, 2))
    const elsewhere = await browse(ara)
    await elsewhere.goto('/')
    await isLoggedIn(elsewhere)
    const data = join(server.folder, 'data')
    const made = await run(BINARY, ['user', 'reset-link', ara.mail, '--data', data, '--listen', server.address])
    const link = made.stdout.split('\n')[0] ?? ''

    const page = await browse(null, { locale })
    await page.goto(link)
    await page.getByTestId('password').fill('short')
    await page.getByTestId('submit').click()
    await expect(page.getByRole('alert')).toBeVisible()
    await page.getByTestId('password').fill('Zürich-2026')
    await page.getByTestId('submit').click()
    await isLoggedIn(page)
    await page.reload()
    await isLoggedIn(page)
    await elsewhere.reload()
    await expect(elsewhere.getByTestId('login-form')).toBeVisible()

    const again = await browse(null, { locale })
    await again.goto(link)
    await again.getByTestId('password').fill('another password')
    await again.getByTestId('submit').click()
    await expect(again.getByText(over).first()).toBeVisible()
    // The same letters from a keyboard that writes them in another way.
    await again.goto('/login')
    await again.getByTestId('mail').fill(ara.mail)
    await again.getByTestId('password').fill('Zu\u0308rich-2026')
    await again.getByTestId('submit').click()
    await isLoggedIn(again)
  })
}

test('strangers who try passwords do not keep somebody out of their own browser', async ({ browse }) => {
  const server = await Server.start({ MOIM_LOGINS_PER_MINUTE: '4' })
  try {
    const ara = await Person.signUp(server, 'Ara')
    const page = await browse(ara)
    await page.goto('/')
    await page.getByTestId('account-menu').click()
    await page.getByTestId('log-out').click()
    await expect(page.getByTestId('login-form')).toBeVisible()
    const guess = () =>
      fetch(`${server.http}/api/v1/sessions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ mail: ara.mail, password: 'a wrong one' }),
      })
    await expect.poll(async () => (await guess()).status).toBe(429)
    await page.getByTestId('mail').fill(ara.mail)
    await page.getByTestId('password').fill(ara.password)
    await page.getByTestId('submit').click()
    await isLoggedIn(page)
  } finally {
    await server.stop()
  }
})

test('an invitation that can not be looked at just now is not over', async ({ browse }) => {
  const server = await Server.start({ MOIM_INVITES_PER_MINUTE: '6' })
  try {
    const ara = await Person.signUp(server, 'Ara')
    const trip = await ara.createTrip({ title: 'Jeju' })
    const { path, token } = await ara.call('POST', `/trips/${trip}/invites`, { role: 'viewer' })
    const look = () => fetch(`${server.http}/api/v1/invites/${token}`)
    const page = await browse(ara)
    await expect.poll(async () => (await look()).status).toBe(429)
    await page.goto(path)
    await expect(page.getByTestId('invite-problem')).toContainText('Too many just now')
    await expect(async () => {
      await page.getByTestId('invite-retry').click()
      await expect(page.getByTestId('invite-offer')).toContainText('Jeju', { timeout: 1_000 })
    }).toPass()
    await expect(page.getByTestId('invite-problem')).toBeHidden()
  } finally {
    await server.stop()
  }
})

test('a server for https says over http that the log-in will not last', async ({ browser }) => {
  const site = 'https://moim.example.org'
  const server = await Server.start({ MOIM_PUBLIC_URL: site })
  try {
    // Browsers take pages of their own machine for secure: this one says that it is none.
    const context = await browser.newContext({ baseURL: server.http, locale: 'en-GB' })
    await context.addInitScript(() => Object.defineProperty(window, 'isSecureContext', { value: false }))
    const page = await context.newPage()
    await page.goto('/login?next=%2Ftrips')
    await expect(page.getByTestId('insecure')).toContainText('https')
    await expect(page.getByTestId('insecure').getByRole('link')).toHaveAttribute('href', `${site}/login?next=%2Ftrips`)
  } finally {
    await server.stop()
  }
})

test('a name and a title of which nobody sees anything are not taken', async ({ browse }) => {
  const page = await browse(null, { locale: 'en-GB' })
  await page.goto('/signup')
  await page.getByTestId('name').fill('\u200b\u3164')
  await page.getByTestId('mail').fill('ara@example.org')
  await page.getByTestId('password').fill('correct horse battery staple')
  await page.getByTestId('submit').click()
  await expect(page.getByText('Please enter your name.')).toBeVisible()
  await page.getByTestId('name').fill('\u2068Ara 👨‍👩‍👧‍👦\u2069\u200b')
  await page.getByTestId('submit').click()
  await page.getByTestId('welcome-create').click()
  await page.getByTestId('create-title').fill('👨‍👩‍👧‍👦'.repeat(130))
  await page.getByTestId('create-submit').click()
  await expect(page.getByTestId('trip-title')).toHaveValue('👨‍👩‍👧‍👦'.repeat(120))

  const editor = new EditorPage(page)
  await editor.day(1).getByTestId('add-note').click()
  const line = editor.day(1).getByTestId('quick-add-input')
  for (const title of ['\u200b', '\u3164\u2800', '\u2060Market\ufeff']) {
    await line.fill(title)
    await line.press('Enter')
  }
  await editor.expectDay(1, ['Market'])
  await line.press('Escape')
  await editor.openCard('Market')
  await expect(editor.title).toHaveValue('Market')
})
