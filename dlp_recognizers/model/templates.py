# ruff: noqa: E501 - a table reads better in long lines
"""Sentences of our own with holes: P person, F full name, G given name, N family name, L place, C town, O organisation,
A address, D date, M mail address, X number. The test split has sentences of its own."""

from __future__ import annotations

PROSE = """
{P} said on {D} that talks with {O} would resume next week.
{P}, who joined {O} in 2009, declined to comment.
"We never expected this," said {P}, a spokesman for {O}.
According to {P}, the plant in {L} will close by the end of the year.
{O} said it had hired {P} as its new chief executive.
{O} shares fell 3 percent after {P} resigned.
The {C}-based company was founded by {P} and {P} in 1987.
Born in {L}, {P} studied law at {O} before moving to {L}.
Police in {C} arrested {P}, 34, on suspicion of fraud.
{P} beat {P} 6-4, 7-5 in the final in {C}.
President {N} met Prime Minister {N} in {L} on {D}.
Senator {P} accused {O} of hiding the report.
In {L}, thousands marched against the decision of {O}.
{N} told reporters that he would appeal.
{N}'s lawyer, {P}, called the ruling a mistake.
The novel by {P} was translated by {P}.
{P} (1856-1921) was a painter from {C}.
A court in {L} sentenced {P} to four years.
Analysts at {O} expect growth to slow in {L}.
{P} scored twice as {O} won 3-1 at {O}.
Troops left {L} for {L} on {D}, {O} reported.
The book was reviewed by {P} in {O}.
Directed by {P} and starring {P}, {P} and {P}.
My wife and I ate there with {G} and the kids; the waiter, {G}, was great.
Ask for {G} at the front desk, she was super helpful.
{G} at {O} fixed my car in an hour. Highly recommended!
Dr. {N} and her staff are the best dentists in {C}.
I have been going to Dr. {N} for years and I trust him.
Stayed at {O} in {C}, lovely rooms but no parking.
Driving from {L} to {L} took us six hours.
He moved to {C}, {L} in 1994 and worked for {O}.
{P} of {C} writes: I do not agree.
I met {G} and {G} in {L} last summer.
As {N} points out, this view has problems.
{N} and {N} (2004) showed the opposite.
See {N} et al., 1998; {N}, 2001.
The theory of {N} was rejected by {N}.
{P}'s wife {G} and their children {G}, {G} and {G} live in {C}.
Mr. {N} worked at {O} from 1990 to 2003.
Mrs. {F} lives at {A}.
She lives at {A} with her son {G}.
The office is at {A}; visitors report to {F}.
Parcels go to {F}, {A}.
Our branch in {C} ({A}) is closed on Mondays.
After the war {N} fled from {L} to {L}, where {O} gave him work.
"{G}, come here!" shouted {P}.
{G} looked at {G} and smiled.
{G} nodded. "I know," {G} said.
Thank you, {P}, for that question.
Thanks to {P} for reporting this.
{P}: What do you think about {L}?
Photo by {P}.
By {P}, {O} Staff Writer
{C} ({O}) - Prices rose again on {D}.
{C}, {D} - {P} announced the merger of {O} and {O}.
The {O} office in {C} was opened by {P}.
What does {P} think of {O}?
Is {P} still working for {O} in {L}?
Does anyone know where {G} is?
People from {L} say that {L} is colder.
{L} and {L} signed the treaty; {L} did not.
Flights to {L}, {L} and {L} were cancelled.
Der Sprecher von {O}, {P}, wollte sich dazu nicht äußern.
{P} wohnt seit 2011 in {C}, {A}.
Frau {N} hat gestern mit Herrn {N} über den Vertrag gesprochen.
Nach Angaben von {P} stieg der Umsatz der {O} um acht Prozent.
Bundeskanzler {N} traf in {C} den Präsidenten {P}.
Die {O} mit Sitz in {C} wurde von {P} gegründet.
{P} ist Geschäftsführer der {O} in {L}.
Meine Kollegin {G} {N} aus {C} hilft Ihnen gerne weiter.
Der Schauspieler {P} kam in {L} zur Welt.
Bitte senden Sie die Unterlagen an {F}, {A}.
In {L} und {L} bleibt es kühl.
{P} a déclaré que {O} fermerait son usine de {C}.
M. {N} habite {A}.
Selon {P}, directrice de {O}, les prix vont baisser en {L}.
Le président {P} a rencontré {P} à {C}.
{P}, né à {C}, travaille chez {O}.
Merci à {P} pour son aide à {L}.
El señor {N} trabaja en {O} desde 2015.
Según {P}, la empresa {O} invertirá en {L}.
{P} nació en {C} y vive en {A}.
La presidenta {P} visitó {L} con {P}.
{P} ha dichiarato che {O} aprirà una sede a {C}.
Il signor {N} abita in {A}.
Secondo {P} di {O}, i prezzi in {L} caleranno.
{P}, nata a {C}, lavora per {O}.
Volgens {P} van {O} komt er een nieuw kantoor in {C}.
Mevrouw {N} woont op {A}.
De burgemeester van {C}, {P}, sprak met {P}.
{P} disse que {O} vai abrir uma loja em {C}.
O senhor {N} mora na {A}.
A ministra {P} esteve em {L} com {P}.
Według {P} firma {O} otworzy biuro w {C}.
Pan {N} mieszka przy {A}.
Prezydent {P} spotkał się z {P} w {C}.
{P} från {C} arbetar på {O}.
Enligt {P} på {O} blir det dyrare i {L}.
{P} fra {O} bor i {C}.
{P} työskentelee yrityksessä {O}.
{P}, {C} merkezli {O} şirketinde çalışıyor.
{P} pracuje v {O} v {C}.
"""

LETTERS = r"""
IBAN {K}, card {K}, phone {K}.
My phone number is {K} and my account is {K}.
{F}, tel. {K}, passport {K}, born {D}
Call {G} on {K} or write to {M}.
Transfer to {K} in the name of {F}, reference {K}.
Ref {K}: {F} / {O} / {K}
Die Kontonummer lautet {K}, die Steuernummer {K}.
Licence plate {K}, owner {F}, {A}.
SSN {K}, policy {K}, MRN {K}, DOB {D}
Order {K} of {D}: {X} x {S}, {X} x {S}
Company Confidential - for internal use only
STRICTLY CONFIDENTIAL - Internal Only - Do Not Distribute
Release {K} ({D}): New Search Page, Better Error Messages
Has anyone used {O} for this? They took {X} weeks.
I have been a customer of {O} for ten years and would not switch to {O}.
My brother works for {O}, my sister for {O}.
We bought it at {O} and returned it to {O} in {C}.
He left {O} to join {O}.
{O} is cheaper than {O}, but {O} has better service.
{O} announced on {D} that it would buy {O} from {O}.
Lawyers for {O} said {O} had broken the contract.
{O}, {O} and {O} all reported losses.
She teaches at {O} and used to work at {O}.
Er arbeitet bei {O}, vorher bei {O}.
Il travaille chez {O}, elle chez {O}.
Trabaja para {O} y antes para {O}.
Lavora per {O}, prima per {O}.
Hij werkt bij {O}, vroeger bij {O}.
Pracuje w {O}, wcześniej w {O}.
Hi {G},\n\ncould you send the figures for {O} to {F} before Friday?\n\nThanks,\n{G}
Dear Mr. {N},\n\nthank you for your order. It will be sent to {A}.\n\nKind regards,\n{F}\n{O}
Dear {G},\nI spoke with {F} from {O} yesterday. She will call you.\nBest,\n{G}
Hello {G} and {G},\n\nplease meet {F}, who takes over {L}.\n\nCheers\n{G} {N}
{G},\n\nany news from {P}?\n\n{G}
Hey {G}, are you coming to {C} with {G} on Saturday?
Sehr geehrter Herr {N},\n\nvielen Dank für Ihre Nachricht. Frau {N} meldet sich morgen.\n\nMit freundlichen Grüßen\n{F}\n{O}\n{A}
Hallo {G},\n\nkannst du bitte {G} Bescheid sagen?\n\nViele Grüße\n{G}
Liebe {G},\nanbei der Vertrag mit {O}.\nGruß, {F}
Bonjour {G},\n\nje vous confirme le rendez-vous avec M. {N} à {C}.\n\nCordialement,\n{F}\n{O}
Hola {G}:\n\nte paso el contacto de {F} en {O}.\n\nUn saludo,\n{G} {N}
Ciao {G},\nho parlato con {F} di {O}.\nA presto\n{G}
Beste {G},\n\nwil je {F} van {O} bellen?\n\nMet vriendelijke groet,\n{F}\n{A}
Olá {G},\nfalei com {F} da {O}.\nAbraço,\n{G}
Cześć {G},\nrozmawiałem z {F} z {O}.\nPozdrawiam\n{F}
From: {F} <{M}>\nTo: {F} <{M}>\nSubject: {O}: offer for {C}\n\n{G}, see below. {G}
From: "{N}, {G}" <{M}>\nSent: {D}\nTo: {N}, {G}\nCc: {F}; {F}\nSubject: RE: Invoice {X}
On {D}, {F} <{M}> wrote:\n> I think {G} is right.\n> {G}
-- \n{F}\nSenior Manager, {O}\n{A}\nTel. +49 {X}
{F}\nHead of Sales\n{O} | {A}\n{M}
Regards,\n{F}\n{O}
Signed-off-by: {F} <{M}>\nReviewed-by: {F} <{M}>
{G} wrote:\n> does {O} support this?\nYes, ask {G}.
[{G}] hi all\n[{G}] hey {G}, did {O} answer?\n[{G}] no, {F} is on holiday in {L}
{G}: lunch?\n{G}: sure, {G} too?\n{G}: ok
<{G}> anyone from {L} here?\n<{G}> yes, {C}
10:32 {F}: can someone review this?\n10:35 {F}: {G} is looking at it
@{G} please ask {F} at {O}
yo did {G} tell {G} about the party in {C}
i think {F} works at {O} now, right?
my name is {F} and i live in {C}
this is {G} from {O}, can you call me back
i am {F}, my address is {A}
pls ship it to {F}, {A} thx
met {G} {N} at the airport in {C} lol
Ticket #{X}\nReporter: {F}\nAssignee: {F}\nCustomer: {O}\nSite: {C}\n\nLogin fails for {F} since {D}.
Customer {F} ({O}) called from {C}: printer is broken.
[{X}] {F} assigned this to {F}. Waiting for {O}.
Meeting notes {D}\nPresent: {F}, {F}, {G} {N}\nAbsent: {F}\n- {G} to contact {O}\n- {N} prepares {C}
Attendees: {F} ({O}), {F} ({O}), {F}
Agenda: 1. Welcome ({G}) 2. {L} office ({F}) 3. {O}
Patient: {F}, born {D}, lives at {A}. Referred by Dr. {N}, {O}.
Patient {F} was seen by Dr. {N} on {D}.
Invoice to: {F}\n{O}\n{A}
Bill to {O}, attn. {F}, {A}.
Name: {F}\nAddress: {A}\nCity: {C}\nCountry: {L}\nEmployer: {O}
Full name: {F}; Company: {O}; Street: {A}
Name: {N}\nVorname: {G}\nOrt: {C}\nStraße: {A}\nFirma: {O}
Nom : {N}\nPrénom : {G}\nAdresse : {A}\nVille : {C}
Employee {F}, {O}, salary {X}
Account holder: {F}, {A}
Passenger {N}/{G}, {C} - {C}, flight {X}
CV\n{F}\n{A}\n{M}\n\nExperience\n2015-2020 {O}, {C}\n2010-2015 {O}, {L}
Contract between {O}, {A}, represented by {F}, and {F}, {A}.
This agreement is made between {O} ("the Company") and {F} ("the Consultant").
Summarise this mail from {F} at {O}:
Write a reference letter for {F}, who worked with us at {O} in {C}.
Please translate: "{P} kommt aus {L}."
Wir begrüßen {F} als neue Kollegin im Team {C}.
Q: Who is {P}? A: A singer from {L}.
Guests: {G}, {G}, {G} and {G}.
Players: {N}, {N}, {N}, {N} and {N}.
{F}, {F}, and {F} contributed to this release.
Copyright (c) 2019 {F}
Copyright 2003-2014 {O}. All rights reserved.
Author: {F} <{M}>
Written by {F}, maintained by {F}.
Thanks to {F}, {F} and {G}.
"""

TEST_PROSE = r"""
Yesterday evening {P} and {P} arrived in {C}, where {O} is holding its annual meeting.
The committee heard from {P}, head of research at {O}.
"I am not going to {L}," {P} told the newspaper.
Nobody at {O} could say when {P} had left {L}.
{P} replaced {P} as coach of {O} in March.
We asked {G} about the delay and {G} apologised twice.
Doctors at {O} treated {F}, who had fallen near {A}.
When {N} retired, {N} took over the shop in {C}.
Hello {G},\nthe samples for {F} have left {C} today.\nYours,\n{F}
Dear Ms {N},\nplease note our new address: {A}.\nSincerely\n{F}, {O}
{G}: has {F} replied yet?\n{G}: nope, still in {C}
case {X} | caller {F} | company {O} | city {C}
Gestern sprach {F} mit Frau {N} über die Filiale in {C}.
Hier, {F} a quitté {O} pour s'installer à {C}.
Ayer {F} firmó el contrato con {O} en {C}.
Ieri {F} ha visitato la sede di {O} a {C}.
Gisteren was {F} bij {O} in {C}.
Wczoraj {F} odwiedził {O} w {C}.
deliver to: {F}, {A}
{{"customer": {{"name": "{F}", "city": "{C}", "employer": "{O}"}}}}
{X},{F},{A},{C}
2024-05-03T10:11:12Z INFO user="{F}" location="{C}" action=login
# reviewed with {F} from {O}
could you ask {G} whether {F} is moving to {C}
Minutes: {F} opened the meeting; {N} reported on {O}; {N} left early.
"""
