"""SMPP 3.4 to a carrier's message centre (SMSC). Two processes hold the binds: `smpp_sender` knows
no database and gets one text at a time from the worker; `smpp_receiver` stores what comes in, with
the rights of web, and sees nothing that goes out. See ADR 16.

smpplib puts PDUs into bytes and back; what a link must keep (window, order, reconnecting) is ours.
"""
