"""Twilio Programmable Messaging (API 2010-04-01), through Twilio's own library."""
