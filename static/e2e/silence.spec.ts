// A network that goes silent without a word: found out soon, and back soon after it is; and a machine that has none.

import { EditorPage } from './editor'
import { expect, Person, test } from './fixtures'
import { Wire } from './wire'

/** What a person is promised. */
const BACK_WITHIN = 10_000
/** Between the last word of the server and the doubt of it, with some time for a busy machine. */
const NOTICED_WITHIN = 20_000

test('a connection that goes silent is noticed, and everything is back within seconds of the network', async ({ browse, server }) => {
  const wire = await Wire.to(server.address)
  const ara = await Person.signUp(server, 'Ara')
  const trip = await ara.createTrip({ title: 'Jeju', days: 2 })
  const away = await EditorPage.open(await browse(ara, { baseURL: wire.http }), trip)
  const home = await EditorPage.open(await browse(ara), trip)

  await test.step('what is typed into the silence is not said to be saved', async () => {
    wire.goSilent()
    await away.addNotes(1, 'made in the silence')
    await expect(away.chip).not.toHaveAttribute('data-state', 'saved')
    await expect(away.chip).toHaveAttribute('data-state', /offline|reconnecting/, { timeout: NOTICED_WITHIN })
    await home.addNotes(1, 'made at home')
  })

  await test.step('the dead connections stay dead, new ones work: both have both', async () => {
    // Long enough that tries are under way which get no answer any more.
    await expect(away.chip).toHaveAttribute('data-state', 'offline', { timeout: 60_000 })
    wire.comeBack()
    await away.expectState('saved', BACK_WITHIN)
    for (const page of [away, home]) {
      await expect(page.card('made in the silence')).toBeVisible()
      await expect(page.card('made at home')).toBeVisible()
    }
  })
  await wire.close()
})

test('who only watches is back, too, after a moment of silence that nobody saw', async ({ browse, server }) => {
  const wire = await Wire.to(server.address)
  const ara = await Person.signUp(server, 'Ara')
  const trip = await ara.createTrip({ title: 'Jeju', days: 2 })
  const watching = await EditorPage.open(await browse(ara, { baseURL: wire.http }), trip)
  const writing = await EditorPage.open(await browse(ara), trip)
  wire.goSilent()
  wire.comeBack()
  await writing.addNotes(2, 'while nobody heard')
  await expect(watching.card('while nobody heard')).toBeVisible({ timeout: BACK_WITHIN + 5_000 })
  await wire.close()
})

test('a page that waits for its first answer says so in the end, and goes on when there is one', async ({ browse, server }) => {
  const wire = await Wire.to(server.address)
  const ara = await Person.signUp(server, 'Ara')
  const page = await browse(ara, { baseURL: wire.http })
  await page.clock.install()
  await page.goto('/login')
  // Nothing is asked for any more.
  await page.getByTestId('welcome-create').waitFor()
  wire.goSilent()
  await page.getByTestId('welcome-create').click()
  await page.getByTestId('create-title').fill('Jeju')
  await page.getByTestId('create-undated').click()
  await page.getByTestId('create-submit').click()
  // The page's clock goes faster than ours: what the server works on for long is waited for for a minute.
  await expect(async () => {
    await page.clock.fastForward(3_000)
    await expect(page.getByTestId('toast').or(page.getByRole('alert')).first()).toContainText("can't be reached", { timeout: 500 })
  }).toPass({ timeout: 90_000 })
  wire.comeBack()
  await page.getByTestId('create-submit').click()
  await expect(page).toHaveURL(/\/trips\//)
  await wire.close()
})

test('a server on a machine without a network is no offline server', async ({ browse, server }) => {
  const ara = await Person.signUp(server, 'Ara')
  const trip = await ara.createTrip({ title: 'Jeju', days: 2 })
  const page = await browse(ara)
  await page.addInitScript(() => {
    Object.defineProperty(Navigator.prototype, 'onLine', { get: () => false })
  })
  const editor = await EditorPage.open(page, trip)
  await page.evaluate(() => window.dispatchEvent(new Event('offline')))
  await editor.addNotes(1, 'without a cable')
  await editor.expectState('saved')
})
