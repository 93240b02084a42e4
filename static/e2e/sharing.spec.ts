// Others by an invite link: what a viewer sees and can't do, and what changes when the owner says so.

import { EditorPage } from './editor'
import { expect, Person, test } from './fixtures'

test('who comes by a viewer\'s link signs up, sees everything live, and changes nothing', async ({ browse, server }) => {
  const ara = await Person.signUp(server, 'Ara')
  const trip = await ara.createTrip({ title: 'Jeju', days: 2 })
  const owner = await EditorPage.open(await browse(ara), trip)
  await owner.addNotes(1, 'Market')

  await owner.page.getByTestId('share').click()
  await owner.page.getByTestId('invite-role').selectOption('viewer')
  await owner.page.getByTestId('invite-create').click()
  const link = await owner.page.getByTestId('invite-link').inputValue()
  await owner.page.keyboard.press('Escape')

  const guest = await browse()
  await guest.goto(link)
  await expect(guest.getByTestId('invite-offer')).toContainText('Jeju')
  await guest.getByTestId('invite-signup').click()
  await guest.getByTestId('name').fill('Guest')
  await guest.getByTestId('mail').fill('guest@example.org')
  await guest.getByTestId('password').fill('correct horse battery staple')
  await guest.getByTestId('submit').click()
  await guest.getByTestId('invite-accept').click()

  const viewer = new EditorPage(guest)
  await viewer.expectState('readonly')
  await viewer.expectDay(1, ['Market'])
  await expect(guest.getByTestId('add-note')).toHaveCount(0)
  await viewer.openCard('Market')
  await expect(viewer.title).not.toBeEditable()
  await owner.addNotes(2, 'Harbour')
  await viewer.expectDay(2, ['Harbour'])
  await expect(owner.others).toHaveCount(1)

  await test.step('made an editor, the guest writes without coming anew', async () => {
    await owner.page.getByTestId('share').click()
    await owner.page.getByTestId('member').filter({ hasText: 'Guest' }).getByTestId('member-role').selectOption('editor')
    await owner.page.keyboard.press('Escape')
    await viewer.expectState('saved')
    await viewer.addNotes(2, 'Lighthouse')
    await owner.expectDay(2, ['Harbour', 'Lighthouse'])
  })

  await test.step('removed, the guest is told so', async () => {
    await owner.page.getByTestId('share').click()
    await owner.page.getByTestId('member').filter({ hasText: 'Guest' }).getByTestId('member-remove').click()
    await owner.page.getByTestId('confirm-no').click()
    await expect(owner.page.getByTestId('member')).toHaveCount(2)
    await owner.page.getByTestId('member').filter({ hasText: 'Guest' }).getByTestId('member-remove').click()
    await owner.page.getByTestId('confirm-yes').click()
    await expect(guest.getByTestId('stopped')).toHaveAttribute('data-reason', 'gone')
  })

  await test.step('and does not come back by the link of before', async () => {
    await guest.goto(link)
    await expect(guest.getByText('An owner removed you from this trip')).toBeVisible()
    await expect(guest.getByTestId('invite-accept')).toHaveCount(0)
  })
})

for (const { locale, can, not } of [
  { locale: 'en-GB', can: 'Can view the plan for now', not: 'Comments are not there yet' },
  { locale: 'ko-KR', can: '지금은 일정을 볼 수 있어요', not: '의견 남기기는 아직 준비 중이에요' },
]) {
  test(`an invitation to comment promises what is there, in ${locale}`, async ({ browse, server }) => {
    const language = locale.slice(0, 2)
    const [ara, guest] = [await Person.signUp(server, 'Ara', language), await Person.signUp(server, 'Guest', language)]
    const trip = await ara.createTrip({ title: 'Jeju', days: 1 })
    const owner = await EditorPage.open(await browse(ara, { locale }), trip)
    await owner.addNotes(1, 'Market')
    await owner.page.getByTestId('share').click()
    const dialog = owner.page.getByTestId('share-dialog')
    await dialog.getByTestId('invite-role').selectOption('commenter')
    await expect(dialog).toContainText(not)
    await dialog.getByTestId('invite-create').click()
    const link = await dialog.getByTestId('invite-link').inputValue()

    const page = await browse(guest, { locale })
    await page.goto(link)
    const offer = page.getByTestId('invite-offer')
    await expect(offer).toContainText(can)
    await expect(offer).toContainText(not)
    await page.getByTestId('invite-accept').click()
    const commenter = new EditorPage(page)
    await commenter.expectState('readonly')
    await commenter.expectDay(1, ['Market'])
    await expect(page.getByTestId('add-note')).toHaveCount(0)
  })
}

for (const { locale, gives, yours, stays } of [
  { locale: 'en-GB', gives: 'This link gives: Editor', yours: 'Your role: Commenter', stays: 'does not raise it' },
  { locale: 'ko-KR', gives: '이 링크의 역할: 편집자', yours: '내 역할: 의견 남기기', stays: '역할은 그대로예요' },
]) {
  test(`a link says what it gives and what one is, to who was lowered since and to who was not, in ${locale}`, async ({ browse, server }) => {
    const language = locale.slice(0, 2)
    const [ara, guest] = [await Person.signUp(server, 'Ara', language), await Person.signUp(server, 'Guest', language)]
    const trip = await ara.createTrip({ title: 'Jeju', days: 1 })
    const invite = async () => ((await ara.call('POST', `/trips/${trip}/invites`, { role: 'editor' })) as { token: string }).token
    const before = await invite()
    await guest.call('POST', `/invites/${before}/accept`)
    await ara.setRole(trip, guest, 'commenter')

    const page = await browse(guest, { locale })
    await page.goto(`/invite/${before}`)
    await expect(page.getByTestId('invite-gives')).toContainText(gives)
    await expect(page.getByTestId('invite-yours')).toContainText(yours)
    await page.getByTestId('invite-accept').click()
    await expect(page.getByTestId('invite-stays')).toContainText(stays)
    await expect(page.getByTestId('invite-yours')).toContainText(yours)
    await expect(page.getByTestId('invite-accept')).toHaveCount(0)
    await page.getByTestId('invite-open').click()
    await new EditorPage(page).expectState('readonly')

    // What an owner makes later counts for more than what they decided before.
    await page.goto(`/invite/${await invite()}`)
    await expect(page.getByTestId('invite-yours')).toContainText(yours)
    await page.getByTestId('invite-accept').click()
    await new EditorPage(page).expectState('saved')
  })
}

test('what takes a right away asks first: withdrawing a link, and leaving', async ({ browse, server }) => {
  const [ara, guest] = [await Person.signUp(server, 'Ara'), await Person.signUp(server, 'Guest')]
  const trip = await ara.createTrip({ title: 'Jeju' })
  await ara.share(trip, guest, 'editor')
  const owner = await EditorPage.open(await browse(ara), trip)
  await owner.page.getByTestId('share').click()
  const invites = owner.page.getByTestId('invite')
  await owner.page.locator('summary').filter({ hasText: '1 active link' }).click()
  await invites.getByTestId('invite-revoke').click()
  await owner.page.getByTestId('confirm-no').click()
  await expect(invites).toHaveCount(1)
  expect(await ara.call('GET', `/trips/${trip}/invites`)).toHaveLength(1)
  await invites.getByTestId('invite-revoke').click()
  await owner.page.getByTestId('confirm-yes').click()
  await expect(invites).toHaveCount(0)

  const page = await browse(guest)
  await page.goto('/')
  const tile = page.getByTestId('trip-tile')
  const leave = async () => {
    await tile.getByTestId('trip-menu').click()
    await page.getByTestId('trip-leave').click()
  }
  await leave()
  await page.getByTestId('confirm-no').click()
  await expect(page.getByTestId('confirm')).toBeHidden()
  expect(await ara.call('GET', `/trips/${trip}/members`)).toHaveLength(2)
  await leave()
  await page.getByTestId('confirm-yes').click()
  await expect(tile).toHaveCount(0)
  expect(await ara.call('GET', `/trips/${trip}/members`)).toHaveLength(1)
})

test('a stranger to a trip finds nothing there', async ({ browse, server }) => {
  const ara = await Person.signUp(server, 'Ara')
  const trip = await ara.createTrip({ title: 'Secret' })
  const stranger = await browse(await Person.signUp(server, 'Stranger'))
  await stranger.goto(`/trips/${trip.replace('trip:', '')}`)
  await expect(stranger.getByTestId('missing').or(stranger.getByTestId('broken')).or(stranger.getByTestId('stopped'))).toBeVisible()
  await expect(stranger.getByText('Secret')).toHaveCount(0)
})
