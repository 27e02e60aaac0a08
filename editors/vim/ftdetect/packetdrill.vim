autocmd BufRead,BufNewFile *.pkt setfiletype packetdrill
