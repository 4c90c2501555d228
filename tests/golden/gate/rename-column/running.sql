SELECT fname FROM crm."Customers" WHERE id = 1;
SELECT ('(a,b)'::crm.address).zip;
